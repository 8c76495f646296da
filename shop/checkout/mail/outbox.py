"""The outbox of e-mails. Each is stored in the transaction of the change that it reports, and sent afterwards.

So no e-mail reports a change that was rolled back, and none is lost. Delivery is at least once: if a process crashes
between sending and recording it, the e-mail is sent again with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import msgspec
from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop import tracing
from shop.checkout.schema import outbox
from shop.database import fetch, insert_into, writing
from shop.errors import EmailRefused, EmailUnavailable, NotFound, unforeseen

AT_ONCE = 4
"""E-mails that a process sends at the same time."""
POLL_SECONDS = 2.0
"""How often a process polls for due e-mails."""
CLAIM_SECONDS = 180
"""How long a claim of an e-mail by a process lasts: longer than the timeout of a sender."""
FIRST_RETRY_SECONDS = 60
LAST_RETRY_SECONDS = 6 * 3600
GIVE_UP_SECONDS = 5 * 24 * 3600
"""Age from which a failed e-mail is not retried."""
STALE_SECONDS = 7 * 24 * 3600
"""E-mails overdue for longer are not sent, so that configuring a mail server later does not e-mail old orders."""
NEVER = 253402300799
"""31 December 9999: the due time of an e-mail that must not be sent."""
CLOSE_TIMEOUT_SECONDS = 5.0

EmailState = Literal["sent", "waiting", "refused", "stale"]
STATES: tuple[EmailState, ...] = ("sent", "waiting", "refused", "stale")

log = logging.getLogger(__name__)


class Email(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail. `id` is unique, such as 'placed:NUMBER'."""

    id: str
    recipient: str
    subject: str
    plain: str
    html: str


class EmailSender(Protocol):
    """Sends e-mails."""

    async def send(self, email: Email) -> None:
        """Send an e-mail, within CLAIM_SECONDS.

        Raises EmailUnavailable if it can be retried, EmailRefused if it must not be.
        """


class StoredEmail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail in the outbox. Times are seconds since the epoch."""

    email: Email
    created_at: int
    sent_at: int | None
    attempts: int
    due_at: int
    error: str
    """Why the latest attempt failed."""

    def state(self, now: float) -> EmailState:
        """The state of the e-mail at `now`."""
        if self.sent_at is not None:
            return "sent"
        if self.due_at >= NEVER:
            return "refused"
        return "stale" if self.due_at <= now - STALE_SECONDS else "waiting"


class Outbox:
    """Stores e-mails and passes them to the sender, between `start` and `close`; without a sender they stay."""

    def __init__(
        self, engine: AsyncEngine, sender: EmailSender | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._sender = sender
        self._clock = clock
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def write(self, connection: AsyncConnection, *emails: Email) -> None:
        """Store e-mails in the transaction of `connection`. An id that is already stored is ignored."""
        now = int(self._clock())
        new = {"created_at": now, "due_at": now, "attempts": 0, "error": ""}
        rows = [msgspec.structs.asdict(email) | new for email in emails]
        if rows:
            await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), rows)

    async def start(self) -> None:
        """Start to send due e-mails, if there is a sender: AT_ONCE, so that one that hangs delays no other."""
        if self._sender is not None:
            self._tasks = [asyncio.create_task(self._run()) for _ in range(AT_ONCE)]

    async def close(self) -> None:
        """Stop, after the e-mails in progress if they end within CLOSE_TIMEOUT_SECONDS."""
        self._closing.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT_SECONDS)
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def deliver_next(self) -> bool:
        """Send the e-mail that has been due longest; return False if there is none, or it cannot be sent now."""
        now = int(self._clock())
        rows = await fetch(self._engine, select(outbox).where(*_due(now)).order_by(outbox.c.due_at).limit(1))
        if self._sender is None or not rows:
            return False
        stored, claim = stored_email(rows[0]), now + CLAIM_SECONDS
        if not await self._update(stored, due_at=claim, attempts=stored.attempts + 1):
            return True  # another process has claimed it
        stored = msgspec.structs.replace(stored, due_at=claim, attempts=stored.attempts + 1)
        try:
            with tracing.span("outbox send", "producer", messaging__operation__type="send"):
                await self._sender.send(stored.email)
        except EmailRefused as error:
            log.warning("An e-mail was refused permanently and will not be retried; see 'shop outbox list'")
            return await self._update(stored, due_at=NEVER, error=str(error))
        except EmailUnavailable as error:
            log.warning("Sending an e-mail failed at attempt %d, will retry: %s", stored.attempts, error)
            await self._update(stored, due_at=_retry_at(stored, int(self._clock())), error=str(error))
            return False
        except Exception as error:
            log.exception("Sending an e-mail failed unexpectedly at attempt %d, will retry", stored.attempts)
            reason = f"unexpected {type(error).__name__}"
            await self._update(stored, due_at=_retry_at(stored, int(self._clock())), error=reason)
            return False
        return await self._update(stored, sent_at=int(self._clock()), error="")

    async def get(self, email_id: str) -> StoredEmail:
        """An e-mail by id. Raises NotFound."""
        rows = await fetch(self._engine, select(outbox).where(outbox.c.id == email_id))
        if not rows:
            raise NotFound(f"There is no e-mail {email_id}.")
        return stored_email(rows[0])

    async def latest(self, limit: int, state: EmailState | None = None) -> list[StoredEmail]:
        """The latest e-mails (in a state), the newest first."""
        conditions = () if state is None else _has_state(state, int(self._clock()))
        newest = select(outbox).where(*conditions).order_by(outbox.c.created_at.desc(), outbox.c.id).limit(limit)
        return [stored_email(row) for row in await fetch(self._engine, newest)]

    async def retry(self, email_id: str) -> bool:
        """Make an e-mail due now; return False if it is already sent. Raises NotFound."""
        stored = await self.get(email_id)
        return stored.sent_at is None and await self._update(stored, due_at=int(self._clock()))

    async def _update(self, stored: StoredEmail, **values: object) -> bool:
        """Update an e-mail if it is unchanged since it was read; return whether it was."""
        unchanged = (outbox.c.id == stored.email.id, outbox.c.due_at == stored.due_at, outbox.c.sent_at.is_(None))
        async with writing(self._engine) as connection:
            return (await connection.execute(update(outbox).where(*unchanged).values(values))).rowcount == 1

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                delivered = await self.deliver_next()
            except Exception as error:
                log.warning("Outbox delivery failed, will retry: %s", error, exc_info=unforeseen(error))
                delivered = False
            if not delivered:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._closing.wait()


def _retry_at(stored: StoredEmail, now: int) -> int:
    if now - stored.created_at > GIVE_UP_SECONDS:
        return NEVER
    return now + min(FIRST_RETRY_SECONDS << min(stored.attempts - 1, 16), LAST_RETRY_SECONDS)


def _due(now: int) -> Sequence[ColumnElement[bool]]:
    return (outbox.c.sent_at.is_(None), outbox.c.due_at <= now, outbox.c.due_at > now - STALE_SECONDS)


def _has_state(state: EmailState, now: int) -> Sequence[ColumnElement[bool]]:
    unsent, due = outbox.c.sent_at.is_(None), outbox.c.due_at
    match state:
        case "sent":
            return (outbox.c.sent_at.is_not(None),)
        case "refused":
            return (unsent, due >= NEVER)
        case "stale":
            return (unsent, due <= now - STALE_SECONDS)
        case "waiting":
            return (unsent, due > now - STALE_SECONDS, due < NEVER)


def stored_email(row: Row[Any]) -> StoredEmail:
    """The e-mail in a row of the outbox."""
    email = Email(id=row.id, recipient=row.recipient, subject=row.subject, plain=row.plain, html=row.html)
    return StoredEmail(
        email=email,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        due_at=row.due_at,
        error=row.error,
    )
