"""Tells by e-mail, once, that a sku can be bought again: for those who asked for it and confirmed their address.

A request is a row until it is answered. Its token is in the e-mail that asks for confirmation; the page of that address
confirms and withdraws it. Whatever brings stock back (an import, `shop stock`, a cancelled order), a background job
finds it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import quote, urlencode

import msgspec
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Offer
from shop.catalog.schema import products, variants
from shop.checkout.mail.letters import Note, rendered
from shop.checkout.mail.outbox import Email, Outbox
from shop.checkout.schema import stock_alerts
from shop.database import fetch, insert_into, writing
from shop.errors import unforeseen
from shop.i18n import content, full_name, speaking, spoken
from shop.i18n import gettext as _
from shop.languages import language_of
from shop.retry import jitter

CONFIRM_SECONDS = 2 * 24 * 3600
"""For how long an address can be confirmed; then the request is deleted."""
KEEP_SECONDS = 180 * 24 * 3600
"""For how long a confirmed request waits for stock; then it is deleted."""
MOST_UNCONFIRMED = 5
"""Unconfirmed requests for one address: nobody's mailbox is filled by others."""
PAUSE = 30.0
"""Seconds between two looks at the stock."""
BATCH = 100
_c = stock_alerts.c

log = logging.getLogger(__name__)


class StockAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be told when a sku is back. Times are seconds since the epoch."""

    token: str
    """The secret of its page."""
    sku: str
    email: str
    language: str
    origin: str
    """The shop's address, for links."""
    created_at: int
    confirmed_at: int | None = None


class StockAlerts:
    """Keeps the requests, and answers them between `start` and `close`. shop.parts makes one.

    `offers` looks up skus. Every method may raise StoreUnavailable.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        outbox: Outbox,
        offers: Callable[[Iterable[str]], Awaitable[Mapping[str, Offer]]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._outbox = outbox
        self._offers = offers
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def ask(self, offer: Offer, email: str, origin: str) -> None:
        """Ask a normalised address to confirm, in the current language; nothing if it was asked for this sku already.

        Nor if too many others wait for its confirmation. The caller cannot tell the difference.
        """
        alert = StockAlert(
            token=secrets.token_hex(16),
            sku=offer.sku,
            email=email,
            language=spoken().code,
            origin=origin,
            created_at=int(self._clock()),
        )
        mailbox = email.lower()
        same = _c.mailbox == mailbox
        async with writing(self._engine) as connection:
            unconfirmed = select(func.count()).where(same, _c.confirmed_at.is_(None))
            known = select(_c.token).where(same, _c.sku == offer.sku)
            if (await connection.execute(known)).first():
                return
            if (await connection.execute(unconfirmed)).scalar_one() >= MOST_UNCONFIRMED:
                return
            row = insert_into(connection, stock_alerts).values(msgspec.structs.asdict(alert) | {"mailbox": mailbox})
            if (await connection.execute(row.on_conflict_do_nothing())).rowcount:
                await self._outbox.write(connection, confirmation_email(alert, offer))

    async def get(self, token: str) -> StockAlert | None:
        """The request with this token; None if it has ended."""
        rows = await fetch(self._engine, select(stock_alerts).where(_c.token == token))
        alert = msgspec.convert(rows[0], StockAlert, from_attributes=True) if rows else None
        return None if alert is None or self._has_ended(alert) else alert

    async def confirm(self, token: str) -> None:
        """Confirm the address of a request. Nothing if it has ended, or is confirmed."""
        async with writing(self._engine) as connection:
            chosen = (_c.token == token, _c.confirmed_at.is_(None), _c.created_at > self._since(CONFIRM_SECONDS))
            await connection.execute(update(stock_alerts).where(*chosen).values(confirmed_at=int(self._clock())))

    async def stop(self, token: str) -> None:
        """Delete a request."""
        async with writing(self._engine) as connection:
            await connection.execute(delete(stock_alerts).where(_c.token == token))

    async def answer(self) -> int:
        """Write to everybody whose sku is back, and delete their requests in the same transaction; how many they were.

        Also deletes the requests whose time is over.
        """
        await self._expire()
        on_sale = or_(variants.c.stock.is_(None), variants.c.stock > 0)
        statement = (
            select(stock_alerts)
            .join(variants, variants.c.sku == _c.sku)
            .join(products, products.c.id == variants.c.product_id)
            .where(_c.confirmed_at.is_not(None), on_sale, products.c.published)
            .order_by(_c.confirmed_at)
            .limit(BATCH)
        )
        rows = await fetch(self._engine, statement)
        alerts = [msgspec.convert(row, StockAlert, from_attributes=True) for row in rows]
        offers = await self._offers({alert.sku for alert in alerts}) if alerts else {}
        return sum([await self._tell(alert, offers[alert.sku]) for alert in alerts if alert.sku in offers])

    async def _tell(self, alert: StockAlert, offer: Offer) -> int:
        async with writing(self._engine) as connection:
            gone = await connection.execute(delete(stock_alerts).where(_c.token == alert.token))
            if not gone.rowcount:
                return 0  # another process has told them
            await self._outbox.write(connection, back_email(alert, offer))
        return 1

    async def _expire(self) -> None:
        over = or_(
            and_(_c.confirmed_at.is_(None), _c.created_at <= self._since(CONFIRM_SECONDS)),
            _c.created_at <= self._since(KEEP_SECONDS),
        )
        if await fetch(self._engine, select(_c.token).where(over).limit(1)):
            async with writing(self._engine) as connection:
                await connection.execute(delete(stock_alerts).where(over))

    def _since(self, seconds: int) -> int:
        return int(self._clock()) - seconds

    def _has_ended(self, alert: StockAlert) -> bool:
        return alert.created_at <= self._since(KEEP_SECONDS if alert.confirmed_at else CONFIRM_SECONDS)

    async def start(self) -> None:
        """Start to look. Does not need the database: an unavailable one is retried."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self.answer()
            except Exception as error:
                log.warning("Stock alerts failed, will retry: %s", error, exc_info=unforeseen(error))
            await asyncio.sleep(jitter(PAUSE))


def confirmation_email(alert: StockAlert, offer: Offer) -> Email:
    """The e-mail that asks the owner of an address whether they asked. Its id is 'confirm:TOKEN'."""
    with speaking(language_of(alert.language)):
        name = _name(offer)
        note = Note(
            language=spoken().code,
            direction=spoken().direction,
            subject=_("Shall we tell you when {name} is back?", name=name),
            heading=_("One more step"),
            paragraphs=(
                _(
                    "Somebody, probably you, asked us to write to this address when {name} can be bought again.",
                    name=name,
                ),
                _("If that was you, please confirm it. On the same page you can also take it back, at any time."),
                _("If it was not you, do nothing: we will not write again, and delete this address after two days."),
            ),
            action=_("Confirm"),
            url=f"{alert.origin}/alerts/{alert.token}",
        )
        return rendered(f"confirm:{alert.token}", alert.email, "note", note, note.subject)


def back_email(alert: StockAlert, offer: Offer) -> Email:
    """The e-mail that says that a sku is back. Its id is 'back:TOKEN'."""
    with speaking(language_of(alert.language)):
        name = _name(offer)
        note = Note(
            language=spoken().code,
            direction=spoken().direction,
            subject=_("{name} is back", name=name),
            heading=_("{name} is back", name=name),
            paragraphs=(
                _("You asked us to tell you. Nothing is reserved for you, and others have asked too."),
                _("This was the only e-mail about it: we have deleted your address from the list."),
            ),
            action=_("See {name}", name=name),
            url=f"{alert.origin}/product/{quote(offer.handle)}?{urlencode({'variant_id': offer.sku})}",
        )
        return rendered(f"back:{alert.token}", alert.email, "note", note, note.subject)


def _name(offer: Offer) -> str:
    return full_name(content(offer.title), offer.variant)
