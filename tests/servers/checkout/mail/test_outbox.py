"""The outbox stores e-mails with the changes that they report, and sends them with retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.outbox import (
    CLAIM_SECONDS,
    GIVE_UP_SECONDS,
    NEVER,
    STALE_SECONDS,
    Email,
    EmailState,
    Outbox,
    StoredEmail,
)
from shop.checkout.mail.smtp import SmtpSender
from shop.database import writing
from shop.errors import EmailRefused, EmailUnavailable, NotFound
from tests.fixtures.mail_server import mail_server
from tests.fixtures.shop_app import Clock

HOUR = 3600


class Postbox:
    """An EmailSender that records e-mails, or raises the given errors."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.trouble: BaseException | None = None

    async def send(self, email: Email) -> None:
        if isinstance(self.trouble, EmailRefused | EmailUnavailable):
            raise self.trouble
        self.sent.append(email.id)
        if self.trouble:
            raise self.trouble


class Died(BaseException):
    """The process crashes."""


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def outbox(engine: AsyncEngine, postbox: Postbox, clock: Clock) -> Outbox:
    return Outbox(engine, postbox, clock)


def email(name: str = "placed:A") -> Email:
    return Email(id=name, recipient="kim@example.org", subject="Your order", plain="Hello", html="<p>Hello</p>")


async def put(engine: AsyncEngine, outbox: Outbox, *names: str) -> None:
    async with writing(engine) as connection:
        for name in names:
            await outbox.write(connection, email(name))


async def is_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


class TestOnEachDatabase:
    async def test_an_email_is_sent_once_and_kept(self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox) -> None:
        await put(engine, outbox, "placed:A")
        assert await outbox.deliver_next()
        assert not await outbox.deliver_next()
        assert postbox.sent == ["placed:A"]
        kept = await outbox.get("placed:A")
        assert kept.email == email()
        assert (kept.state(0), kept.attempts, kept.error) == ("sent", 1, "")

    async def test_an_email_is_written_once_and_with_its_transaction(self, engine: AsyncEngine, outbox: Outbox) -> None:
        async def undone() -> None:
            async with writing(engine) as connection:
                await outbox.write(connection, email("placed:B"))
                raise Died

        with pytest.raises(Died):
            await undone()
        await put(engine, outbox, "placed:A", "placed:A")
        assert [kept.email.id for kept in await outbox.latest(9)] == ["placed:A"]
        with pytest.raises(NotFound):
            await outbox.get("placed:B")

    async def test_processes_that_send_at_once_send_each_email_once(
        self, engine: AsyncEngine, clock: Clock, postbox: Postbox
    ) -> None:
        names = [f"placed:{number}" for number in range(12)]
        processes = [Outbox(engine, postbox, clock) for _ in range(4)]
        await put(engine, processes[0], *names)

        async def work(process: Outbox) -> None:
            while await process.deliver_next():
                pass

        await asyncio.gather(*map(work, processes))
        assert sorted(postbox.sent) == sorted(names)


class TestOutbox:
    @pytest.fixture
    def database_url(self, sqlite_url: str) -> str:
        return sqlite_url

    async def test_without_a_sender_emails_stay_unsent(self, engine: AsyncEngine, clock: Clock) -> None:
        outbox = Outbox(engine, None, clock)
        await put(engine, outbox, "placed:A")
        await outbox.start()
        assert not await outbox.deliver_next()
        await outbox.close()
        kept = await outbox.get("placed:A")
        assert (kept.state(clock()), kept.attempts, kept.sent_at) == ("waiting", 0, None)

    async def test_failures_are_retried_with_increasing_delays(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = EmailUnavailable("The mail server is full.")
        pauses = []
        for _ in range(12):
            assert not await outbox.deliver_next()
            kept = await outbox.get("placed:A")
            assert kept.error == "The mail server is full."
            pauses.append(kept.due_at - int(clock()))
            clock.now = kept.due_at - 1
            assert (await outbox.deliver_next(), (await outbox.get("placed:A")).attempts) == (False, kept.attempts)
            clock.now = kept.due_at
        minutes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
        assert pauses == [60 * pause for pause in minutes]
        postbox.trouble = None
        assert await outbox.deliver_next()
        assert (await outbox.get("placed:A")).error == ""

    async def test_an_unexpected_error_is_noted_and_backs_off(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = AttributeError("kim@example.org")
        waits = []
        for _ in range(4):
            assert not await outbox.deliver_next()
            stored = await outbox.get("placed:A")
            waits.append(stored.due_at - int(clock()))
            clock.now = stored.due_at
        assert stored.error == "unexpected AttributeError", "without what may be personal"
        assert waits == [60, 120, 240, 480]
        clock.now += GIVE_UP_SECONDS
        await outbox.deliver_next()
        assert (await outbox.get("placed:A")).due_at == NEVER

    async def test_a_recipient_whose_server_hangs_delays_no_other(
        self, engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Hanging(Postbox):
            async def send(self, email: Email) -> None:
                if email.id == "placed:HANGS":
                    await asyncio.Event().wait()
                await super().send(email)

        postbox = Hanging()
        outbox = Outbox(engine, postbox, clock)
        await put(engine, outbox, "placed:HANGS", *(f"placed:{number}" for number in range(6)))
        await outbox.start()
        await is_true(lambda: len(postbox.sent) == 6)
        monkeypatch.setattr("shop.checkout.mail.outbox.CLOSE_TIMEOUT_SECONDS", 0.01)
        await outbox.close()

    async def test_an_email_is_given_up_after_days(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = EmailUnavailable("Not now.")
        while (kept := await outbox.get("placed:A")).due_at < NEVER:
            clock.now = kept.due_at
            await outbox.deliver_next()
        assert kept.state(clock()) == "refused"
        assert GIVE_UP_SECONDS < clock.now - kept.created_at < GIVE_UP_SECONDS + 7 * HOUR

    async def test_a_refused_email_keeps_its_error_and_does_not_block_others(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = EmailRefused("No such user.")
        assert await outbox.deliver_next()
        postbox.trouble = None
        await put(engine, outbox, "placed:B")
        clock.now += GIVE_UP_SECONDS
        assert await outbox.deliver_next()
        assert not await outbox.deliver_next()
        assert postbox.sent == ["placed:B"]
        kept = await outbox.get("placed:A")
        assert (kept.state(clock()), kept.error, kept.attempts) == ("refused", "No such user.", 1)

    async def test_retry_sends_what_was_refused_and_leaves_what_was_sent(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = EmailRefused("No such user.")
        await outbox.deliver_next()
        postbox.trouble = None
        assert await outbox.retry("placed:A")
        assert await outbox.deliver_next()
        assert not await outbox.retry("placed:A")
        assert not await outbox.deliver_next()
        assert postbox.sent == ["placed:A"]

    async def test_configuring_a_mail_server_later_does_not_email_old_orders(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        clock.now += STALE_SECONDS
        assert not await outbox.deliver_next()
        assert (await outbox.get("placed:A")).state(clock()) == "stale"
        assert await outbox.retry("placed:A")
        assert await outbox.deliver_next()
        assert postbox.sent == ["placed:A"]

    async def test_an_email_of_a_crashed_process_is_sent_after_its_claim_expires(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")
        postbox.trouble = Died()
        with pytest.raises(Died):
            await outbox.deliver_next()
        postbox.trouble = None
        clock.now += CLAIM_SECONDS - 1
        assert not await outbox.deliver_next()
        clock.now += 1
        assert await outbox.deliver_next()
        assert postbox.sent == ["placed:A", "placed:A"]

    async def test_a_failure_after_an_expired_claim_does_not_affect_the_next_claim(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock
    ) -> None:
        await put(engine, outbox, "placed:A")

        class Late(Postbox):
            async def send(self, email: Email) -> None:
                clock.now += CLAIM_SECONDS
                assert await outbox.deliver_next()
                raise EmailUnavailable("It took too long.")

        assert not await Outbox(engine, Late(), clock).deliver_next()
        kept = await outbox.get("placed:A")
        assert (kept.state(clock()), kept.error) == ("sent", "")
        assert postbox.sent == ["placed:A"]

    @pytest.mark.parametrize("state", ["sent", "waiting", "refused", "stale"])
    async def test_emails_are_listed_by_state(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, clock: Clock, state: EmailState
    ) -> None:
        await put(engine, outbox, "placed:stale")
        clock.now += STALE_SECONDS
        await put(engine, outbox, "placed:sent")
        await outbox.deliver_next()
        await put(engine, outbox, "placed:refused")
        postbox.trouble = EmailRefused("No.")
        await outbox.deliver_next()
        clock.now += 1
        await put(engine, outbox, "placed:waiting")
        assert [kept.email.id for kept in await outbox.latest(9, state)] == [f"placed:{state}"]
        assert [kept.state(clock()) for kept in await outbox.latest(9, state)] == [state]
        assert (await outbox.latest(2))[0].email.id == "placed:waiting"
        assert len(await outbox.latest(9)) == 4

    async def test_a_running_shop_survives_an_outage_of_the_mail_server(
        self, engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shop.checkout.mail.outbox.POLL_SECONDS", 0.01)
        async with mail_server() as server:
            outbox = Outbox(engine, SmtpSender(f"smtp://127.0.0.1:{server.port}", "shop@neap.example"), clock)
            await outbox.start()
            await put(engine, outbox, "placed:A")
            await is_true(lambda: len(server.received) == 1)
            port = server.port
        await put(engine, outbox, "placed:B")
        while not (kept := await outbox.get("placed:B")).error:
            await asyncio.sleep(0.005)
        assert kept.state(clock()) == "waiting"
        clock.now = kept.due_at
        async with mail_server(port=port) as server:
            await is_true(lambda: len(server.received) == 1)
            await outbox.close()
        assert [kept.state(clock()) for kept in await outbox.latest(9)] == ["sent", "sent"]

    async def test_the_email_that_is_being_sent_is_sent_before_the_shop_closes(
        self, engine: AsyncEngine, clock: Clock
    ) -> None:
        sending, may_go_on = asyncio.Event(), asyncio.Event()

        class Slow(Postbox):
            async def send(self, email: Email) -> None:
                sending.set()
                await may_go_on.wait()
                await super().send(email)

        slow = Slow()
        outbox = Outbox(engine, slow, clock)
        await put(engine, outbox, "placed:A")
        await outbox.start()
        await sending.wait()
        closing = asyncio.create_task(outbox.close())
        await asyncio.sleep(0)
        may_go_on.set()
        await closing
        assert len(slow.sent) == 1
        assert [kept.state(clock()) for kept in await outbox.latest(9)] == ["sent"]

    async def test_an_unreadable_outbox_is_retried(
        self,
        engine: AsyncEngine,
        clock: Clock,
        postbox: Postbox,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr("shop.checkout.mail.outbox.POLL_SECONDS", 0.01)
        postbox.trouble = RuntimeError("a mistake in the program")
        outbox = Outbox(engine, postbox, clock)
        await put(engine, outbox, "placed:A")
        await outbox.start()
        await is_true(lambda: "a mistake in the program" in caplog.text)
        postbox.trouble = None
        clock.now += CLAIM_SECONDS
        await is_true(lambda: len(postbox.sent) == 2)
        await outbox.close()

    async def test_logs_contain_no_address_and_no_order_number(
        self, engine: AsyncEngine, outbox: Outbox, postbox: Postbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "shop")
        await put(engine, outbox, "placed:A7Q")
        postbox.trouble = EmailRefused("550 kim@example.org is not known here")
        await outbox.deliver_next()
        assert "refused" in caplog.text
        assert "kim@" not in caplog.text
        assert "A7Q" not in caplog.text


def test_never_is_never_due() -> None:
    kept = StoredEmail(email=email(), created_at=0, sent_at=None, attempts=1, due_at=NEVER, error="No.")
    assert kept.state(NEVER - 1) == "refused"
    assert msgspec.structs.replace(kept, sent_at=5).state(NEVER) == "sent"
