"""E-mails: written beside the change that they tell of, in the same transaction, and sent afterwards.

So no e-mail tells of what was rolled back, and none is forgotten. Each is sent at least once: a process that dies
between sending and noting it leaves the e-mail to be sent again, with the same Message-ID.
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

from shop.checkout.schema import outbox
from shop.database import fetch, insert_into, writing
from shop.errors import EmailRefused, EmailUnavailable, NotFound, unforeseen

LOOK_SECONDS = 2.0
"""How often a process looks for e-mails that are due."""
CLAIM_SECONDS = 180
"""How long an e-mail is left to the process that sends it: longer than a sender may take."""
FIRST_RETRY_SECONDS = 60
LAST_RETRY_SECONDS = 6 * 3600
GIVE_UP_SECONDS = 5 * 24 * 3600
"""An e-mail that could not be sent for so long is not tried any more."""
STALE_SECONDS = 7 * 24 * 3600
"""An e-mail that was due so long ago is not sent: a shop that is given a mail server does not write to old orders."""
NEVER = 253402300799
"""31 December 9999, when an e-mail is due that is not to be sent."""
CLOSING_SECONDS = 5.0

EmailState = Literal["sent", "waiting", "refused", "stale"]
STATES: tuple[EmailState, ...] = ("sent", "waiting", "refused", "stale")

log = logging.getLogger(__name__)


class Email(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail. `id` names it for good, such as 'placed:NUMBER'."""

    id: str
    recipient: str
    subject: str
    plain: str
    html: str


class EmailSender(Protocol):
    """Whatever takes e-mails away."""

    async def send(self, email: Email) -> None:
        """Send it, within CLAIM_SECONDS.

        Raises EmailUnavailable where it may be sent later, EmailRefused where it never will be.
        """


class StoredEmail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail as the outbox keeps it. Times are seconds since the epoch."""

    email: Email
    created_at: int
    sent_at: int | None
    attempts: int
    due_at: int
    error: str
    """Why the latest attempt failed."""

    def state(self, now: float) -> EmailState:
        """What has become of it."""
        if self.sent_at is not None:
            return "sent"
        if self.due_at >= NEVER:
            return "refused"
        return "stale" if self.due_at <= now - STALE_SECONDS else "waiting"


class Outbox:
    """Keeps e-mails, and hands each to the sender; without one they stay."""

    def __init__(
        self, engine: AsyncEngine, sender: EmailSender | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._sender = sender
        self._clock = clock
        self._closing = asyncio.Event()
        self._delivering: asyncio.Task[None] | None = None

    async def write(self, connection: AsyncConnection, email: Email) -> None:
        """Write an e-mail in the transaction of `connection`; one that has been written before stays as it is."""
        now = int(self._clock())
        row = msgspec.structs.asdict(email) | {"created_at": now, "due_at": now, "attempts": 0, "error": ""}
        await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), row)

    async def start(self) -> None:
        """Begin to send what is due, where there is a sender."""
        if self._sender is not None:
            self._delivering = asyncio.create_task(self._until_closed())

    async def close(self) -> None:
        """End, after the e-mail that is being sent, if that is soon."""
        self._closing.set()
        if self._delivering is not None:
            await asyncio.wait([self._delivering], timeout=CLOSING_SECONDS)
            self._delivering.cancel()
            await asyncio.wait([self._delivering])

    async def deliver_next(self) -> bool:
        """Send the e-mail that has been due longest; False where there is none, or it cannot be sent now."""
        now = int(self._clock())
        rows = await fetch(self._engine, select(outbox).where(*_due(now)).order_by(outbox.c.due_at).limit(1))
        if self._sender is None or not rows:
            return False
        kept, claim = _kept(rows[0]), now + CLAIM_SECONDS
        if not await self._change(kept, due_at=claim, attempts=kept.attempts + 1):
            return True  # another process was quicker
        kept = msgspec.structs.replace(kept, due_at=claim, attempts=kept.attempts + 1)
        try:
            await self._sender.send(kept.email)
        except EmailRefused as error:
            log.warning("The mail server refused an e-mail for good: 'shop outbox list' says which and why.")
            return await self._change(kept, due_at=NEVER, error=str(error))
        except EmailUnavailable as error:
            log.warning("An e-mail could not be sent, attempt %d. %s", kept.attempts, error)
            await self._change(kept, due_at=_next_attempt(kept, int(self._clock())), error=str(error))
            return False
        return await self._change(kept, sent_at=int(self._clock()), error="")

    async def get(self, email_id: str) -> StoredEmail:
        """An e-mail by its id; raises NotFound."""
        rows = await fetch(self._engine, select(outbox).where(outbox.c.id == email_id))
        if not rows:
            raise NotFound(f"There is no e-mail {email_id}.")
        return _kept(rows[0])

    async def latest(self, limit: int, state: EmailState | None = None) -> list[StoredEmail]:
        """The e-mails that were written last (in a state), the newest first."""
        wanted = () if state is None else _in_state(state, int(self._clock()))
        newest = select(outbox).where(*wanted).order_by(outbox.c.created_at.desc(), outbox.c.id).limit(limit)
        return [_kept(row) for row in await fetch(self._engine, newest)]

    async def retry(self, email_id: str) -> bool:
        """Make an e-mail due now; False where it is sent already. Raises NotFound."""
        kept = await self.get(email_id)
        return kept.sent_at is None and await self._change(kept, due_at=int(self._clock()))

    async def _change(self, kept: StoredEmail, **values: object) -> bool:
        """Change an e-mail that is still as it was seen; whether it was."""
        as_seen = (outbox.c.id == kept.email.id, outbox.c.due_at == kept.due_at, outbox.c.sent_at.is_(None))
        async with writing(self._engine) as connection:
            return (await connection.execute(update(outbox).where(*as_seen).values(values))).rowcount == 1

    async def _until_closed(self) -> None:
        while not self._closing.is_set():
            try:
                more = await self.deliver_next()
            except Exception as error:
                log.warning("The outbox cannot be worked on now. %s", error, exc_info=unforeseen(error))
                more = False
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._closing.wait()


def _next_attempt(kept: StoredEmail, now: int) -> int:
    if now - kept.created_at > GIVE_UP_SECONDS:
        return NEVER
    return now + min(FIRST_RETRY_SECONDS << min(kept.attempts - 1, 16), LAST_RETRY_SECONDS)


def _due(now: int) -> Sequence[ColumnElement[bool]]:
    return (outbox.c.sent_at.is_(None), outbox.c.due_at <= now, outbox.c.due_at > now - STALE_SECONDS)


def _in_state(state: EmailState, now: int) -> Sequence[ColumnElement[bool]]:
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


def _kept(row: Row[Any]) -> StoredEmail:
    email = Email(id=row.id, recipient=row.recipient, subject=row.subject, plain=row.plain, html=row.html)
    return StoredEmail(
        email=email,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        due_at=row.due_at,
        error=row.error,
    )
