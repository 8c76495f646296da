"""Checks what checkout has left open: orders that no shop is processing, and e-mails that are not sent."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.outbox import NEVER, STALE_SECONDS
from shop.checkout.schema import DISPUTED, orders, outbox
from shop.database import create_engine, fetch, missing_file
from shop.errors import ConfigurationError, StoreUnavailable
from shop.operations.findings import Finding, counted, note, ok, warning
from shop.settings import Settings

PART = "Orders"
LATE_SECONDS = 60
"""A running shop processes an open order within a second or two."""
MAX_UNSETTLED_HOURS = 1
"""A shopper has a quarter of an hour to confirm a payment; everything else takes seconds."""
AUTHORISED_DAYS = 5
OVERDUE_SECONDS = 600
"""A failed e-mail is retried, and its due time is then in the future."""


async def check_orders(settings: Settings) -> list[Finding]:
    """The findings about open orders and e-mails; none if the database cannot be read."""
    if missing_file(settings.database_url) is not None:
        return []
    try:
        engine = create_engine(settings.database_url)
        try:
            return [finding async for finding in _findings(engine, sends=bool(settings.smtp_url))]
        finally:
            await engine.dispose()
    except (ConfigurationError, StoreUnavailable):
        return []  # the check of the database reports it


async def _findings(engine: AsyncEngine, *, sends: bool) -> AsyncIterator[Finding]:
    yield await _open_orders(engine, time.time())
    async for finding in _uncaptured(engine, time.time()):
        yield finding
    async for finding in _disputed(engine):
        yield finding
    yield await _e_mails(engine, int(time.time()), sends=sends)


async def _open_orders(engine: AsyncEngine, now: float) -> Finding:
    late = func.count().filter(orders.c.claimed_until < int((now - LATE_SECONDS) * 1000)).label("late")
    counts = (func.count().label("open"), late, func.min(orders.c.changed_at).label("since"))
    (row,) = await fetch(engine, select(*counts).where(~orders.c.settled, ~orders.c.processing))
    if row.since is not None and (hours := (now - row.since) / 3600) > MAX_UNSETTLED_HOURS:
        says = f"The oldest unsettled order has waited for {hours:.0f} hours: its payment cannot be learnt or returned."
        advice = "`shop orders list --unsettled` names it. Look at the payment provider, then `shop orders resolve`."
        return warning(PART, "settled", says, advice, open=row.open, oldest_hours=round(hours, 1))
    if not row.late:
        return ok(PART, "settled", f"{counted(row.open, 'order')} open, none stuck.", open=row.open)
    says = f"{counted(row.late, 'order')} stuck for more than a minute: no running shop is processing them."
    advice = "Start the shop. If it is running, see its log for the reason, and `shop orders list --unsettled`."
    return warning(PART, "settled", says, advice, open=row.open, late=row.late)


async def _uncaptured(engine: AsyncEngine, now: float) -> AsyncIterator[Finding]:
    """Orders whose payment waits for their shipping so long that the bank may soon release it."""
    old = orders.c.created_at < int(now) - AUTHORISED_DAYS * 24 * 3600
    waiting = (orders.c.state == "placed", orders.c.settled)
    (row,) = await fetch(engine, select(func.count().label("orders")).where(*waiting, old))
    if row.orders:
        says = f"{counted(row.orders, 'order')} authorised more than {AUTHORISED_DAYS} days ago and not shipped."
        advice = (
            "Most banks release a payment after 7 days: ship or cancel them. See `shop orders list --state placed`."
        )
        yield warning(PART, "captured", says, advice, orders=row.orders)


async def _disputed(engine: AsyncEngine) -> AsyncIterator[Finding]:
    (row,) = await fetch(engine, select(func.count().label("orders")).where(DISPUTED, orders.c.dispute == "open"))
    if row.orders:
        says = f"The payment of {counted(row.orders, 'order')} is disputed."
        advice = "`shop orders list --disputed` names them. Answer at the payment provider, before its deadline."
        yield warning(PART, "disputed", says, advice, orders=row.orders)


async def _e_mails(engine: AsyncEngine, now: int, *, sends: bool) -> Finding:
    due, unsent = outbox.c.due_at, outbox.c.sent_at.is_(None)
    counts = {
        "waiting": func.count().filter(due > now - STALE_SECONDS, due < NEVER),
        "overdue": func.count().filter(due > now - STALE_SECONDS, due < now - OVERDUE_SECONDS),
        "refused": func.count().filter(due >= NEVER),
    }
    (row,) = await fetch(engine, select(*(count.label(name) for name, count in counts.items())).where(unsent))
    if not sends:
        return ok(PART, "e-mails", f"{counted(row.waiting, 'e-mail')} in the outbox; without SMTP_URL none is sent.")
    if row.overdue:
        says = f"{counted(row.overdue, 'e-mail')} overdue for more than ten minutes."
        return warning(PART, "e-mails", says, "Start the shop. If it is running, see its log for the reason.")
    if row.refused:
        says = f"{counted(row.refused, 'e-mail')} permanently refused by the mail server."
        return note(PART, "e-mails", says, "`shop outbox list --state refused` lists them with the reasons.")
    return ok(PART, "e-mails", f"{counted(row.waiting, 'e-mail')} to be sent.", waiting=row.waiting)
