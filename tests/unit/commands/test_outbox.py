"""`shop outbox`: listing, showing and retrying e-mails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from shop.checkout.mail.outbox import Email, Outbox
from shop.cli import cli
from shop.database import create_engine, writing
from shop.errors import EmailRefused, NotFound

ID = "placed:K3F90QZX7M2TVB8D"
Command = Callable[..., str]


class Refusing:
    async def send(self, email: Email) -> None:
        raise EmailRefused("550 No such user.")


def in_outbox(url: str, *, state: str) -> None:
    """Put a waiting, sent or refused e-mail into the outbox."""

    class Taking:
        async def send(self, email: Email) -> None:
            pass

    async def put() -> None:
        engine = create_engine(url)
        outbox = Outbox(engine, Refusing() if state == "refused" else Taking())
        async with writing(engine) as connection:
            await outbox.write(
                connection,
                Email(id=ID, recipient="kim@example.org", subject="Your order", plain="Hello.", html="<p>Hello.</p>"),
            )
        if state != "waiting":
            assert await outbox.deliver_next()
        await engine.dispose()

    asyncio.run(put())


@pytest.fixture
def outbox(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command and returns its output."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SMTP_URL", "")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str) -> str:
        return CliRunner().invoke(cli, ["outbox", *arguments], catch_exceptions=False).output

    return run


@pytest.mark.parametrize(
    ("state", "words"), [("waiting", "waiting"), ("sent", "sent 20"), ("refused", "refused, 1 attempt: 550 No such")]
)
def test_each_email_is_listed_with_what_has_become_of_it(
    outbox: Command, sqlite_url: str, state: str, words: str
) -> None:
    in_outbox(sqlite_url, state=state)
    for listed in (outbox("list"), outbox("list", "--state", state)):
        assert ID in listed
        assert "kim@example.org" in listed
        assert words in listed
    other = "sent" if state == "waiting" else "waiting"
    assert ID not in outbox("list", "--state", other)


def test_an_email_is_shown_as_text_or_as_html(outbox: Command, sqlite_url: str) -> None:
    in_outbox(sqlite_url, state="waiting")
    shown = outbox("show", ID)
    for words in ("To: kim@example.org", "Subject: Your order", "State: waiting", "Hello."):
        assert words in shown
    assert outbox("show", ID, "--html") == "<p>Hello.</p>\n"


def test_retry_makes_due_what_was_refused(outbox: Command, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_outbox(sqlite_url, state="refused")
    assert "once it runs with SMTP_URL" in outbox("retry", ID)
    assert ID in outbox("list", "--state", "waiting")
    monkeypatch.setenv("SMTP_URL", "smtp://localhost")
    assert "as soon as it runs" in outbox("retry", ID)


def test_what_was_sent_is_not_sent_again(outbox: Command, sqlite_url: str) -> None:
    in_outbox(sqlite_url, state="sent")
    assert "already sent" in outbox("retry", ID)
    assert ID in outbox("list", "--state", "sent")


@pytest.mark.parametrize("command", ["show", "retry"])
def test_an_email_that_is_not_there_is_not_found(outbox: Command, command: str) -> None:
    with pytest.raises(NotFound, match="There is no e-mail placed:NOBODY"):
        outbox(command, "placed:NOBODY")


def test_what_a_mail_server_says_does_nothing_to_the_terminal(
    outbox: Command, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Refusing, email: Email) -> None:
        raise EmailRefused("550 [/gone] \x1b]0;owned\x07\x9b2J")

    monkeypatch.setattr(Refusing, "send", refuse)
    in_outbox(sqlite_url, state="refused")
    for listed in (outbox("list"), outbox("show", ID)):
        assert "550 [/gone]" in listed
        assert not {"\x1b", "\x07", "\x9b"} & set(listed)
