"""A person's data: what the shop has of an e-mail address, and how it is erased.

An order stays for the books, without the person: its lines, amounts, country and history. E-mails are deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.checkout.mail.order_emails import EMAIL_KINDS
from shop.checkout.mail.outbox import StoredEmail, stored_email
from shop.checkout.model import Address, Order
from shop.checkout.placing import updates
from shop.checkout.placing.orders import READ, details_of, order_of
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.schema import coupon_shoppers, order_parcels, orders, outbox, payment_events, stock_alerts
from shop.database import fetch, writing

BATCH = 200
ENDED = ("failed", "shipped", "cancelled", "refunded")
"""States in which the shop no longer needs to know the person."""


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has of an e-mail address."""

    orders: Sequence[Order]
    emails: Sequence[StoredEmail]
    coupons: Sequence[str]
    """The codes that were used with it."""
    stock_alerts: Sequence[str]
    """The skus of which it wants to be told when they are back."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """How much was erased, and the numbers of orders that are still under way, which stay."""

    orders: int
    emails: int
    under_way: Sequence[str]


class Privacy:
    """Reads and erases personal data. shop.parts makes one. Every method may raise StoreUnavailable."""

    def __init__(self, engine: AsyncEngine, coupons: Coupons, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._coupons = coupons
        self._clock = clock

    async def export(self, email: str) -> PersonalData:
        """Everything that the shop has of an e-mail address."""
        found = await fetch(self._engine, select(*READ).where(_of(email)).order_by(orders.c.created_at))
        letters = await fetch(self._engine, select(outbox).where(_to(email)).order_by(outbox.c.created_at))
        used = (coupon_shoppers.c.shopper == self._coupons.digest_of(email), coupon_shoppers.c.uses > 0)
        codes = await fetch(self._engine, select(coupon_shoppers.c.code).where(*used).order_by(coupon_shoppers.c.code))
        alerts = await fetch(self._engine, select(stock_alerts.c.sku).where(_waits(email)).order_by(stock_alerts.c.sku))
        return PersonalData(
            orders=[order_of(row) for row in found],
            emails=[stored_email(row) for row in letters],
            coupons=[row.code for row in codes],
            stock_alerts=[row.sku for row in alerts],
        )

    async def erase(self, email: str, *, who: str) -> Erased:
        """Erase everything of an e-mail address that the shop no longer needs."""
        under_way = select(orders.c.number).where(_of(email), ~_ended())
        staying = [row.number for row in await fetch(self._engine, under_way)]
        count, emails = await self._anonymise(_of(email), who, "erased as asked")
        async with writing(self._engine) as connection:
            emails += await _delete(connection, outbox, and_(_to(email), ~_about(staying)))
            await _delete(connection, stock_alerts, _waits(email))
            if not staying:
                own = coupon_shoppers.c.shopper == self._coupons.digest_of(email)
                await connection.execute(delete(coupon_shoppers).where(own))
        return Erased(orders=count, emails=emails, under_way=staying)

    async def expire(self, days: int, *, who: str) -> Erased:
        """Erase the persons of orders that ended more than `days` ago, and what was written before that.

        That is e-mails, and messages of the payment provider.
        """
        before = int(self._clock()) - days * 24 * 3600
        count, emails = await self._anonymise(orders.c.changed_at < before, who, f"erased after {days} days")
        async with writing(self._engine) as connection:
            emails += await _delete(connection, outbox, outbox.c.created_at < before)
            await _delete(connection, payment_events, payment_events.c.at < before)
        return Erased(orders=count, emails=emails, under_way=())

    async def _anonymise(self, chosen: ColumnElement[bool], who: str, why: str) -> tuple[int, int]:
        """Take the persons out of orders that ended, in batches; return how many orders and e-mails."""
        known = and_(chosen, _ended(), orders.c.email != "")
        count = emails = 0
        while True:
            async with writing(self._engine) as connection:
                some = select(*READ).where(known).limit(BATCH).with_for_update(skip_locked=True)
                found = [order_of(row) for row in await connection.execute(some)]
                for order in found:
                    await self._take_out(connection, order, who, why)
                if found:
                    emails += await _delete(connection, outbox, _about([order.number for order in found]))
            count += len(found)
            if len(found) < BATCH:
                return count, emails

    async def _take_out(self, connection: AsyncConnection, order: Order, who: str, why: str) -> None:
        values = {"email": "", "name": "", "words": "", "secret": "", "details": details_of(without_person(order))}
        await connection.execute(update(orders).where(orders.c.number == order.number).values(values))
        sent = update(order_parcels).where(order_parcels.c.number == order.number)
        await connection.execute(sent.values(tracking=""))
        await _delete(connection, payment_events, payment_events.c.number == order.number)
        await updates.note(connection, order.number, "note", at=int(self._clock()), who=who, why=why)


def without_person(order: Order) -> Order:
    """The order with its lines, amounts and country only."""
    given = order.buyer.address
    address = Address(
        street_address="", zip_code="", city="", state="", country=given.country, country_code=given.country_code
    )
    nothing = dict.fromkeys(("email", "card_last4", "origin", "gift_note", "phone", "vat_id"), "")
    buyer = msgspec.structs.replace(order.buyer, address=address, **nothing)
    quote = msgspec.structs.replace(order.quote, cart_id="")
    return msgspec.structs.replace(order, buyer=buyer, quote=quote, secret="", challenge_path="")


def _of(email: str) -> ColumnElement[bool]:
    return func.lower(orders.c.email) == email.strip().lower()


def _to(email: str) -> ColumnElement[bool]:
    return func.lower(outbox.c.recipient) == email.strip().lower()


def _waits(email: str) -> ColumnElement[bool]:
    return stock_alerts.c.mailbox == email.strip().lower()


def _ended() -> ColumnElement[bool]:
    return and_(orders.c.settled, orders.c.state.in_(ENDED))


def _about(numbers: Sequence[str]) -> ColumnElement[bool]:
    """Whether an e-mail is about one of these orders, to the shopper or to the merchant."""
    return outbox.c.id.in_([f"{kind}:{number}" for kind in EMAIL_KINDS for number in numbers])


async def _delete(connection: AsyncConnection, table: Any, condition: ColumnElement[bool]) -> int:
    return int((await connection.execute(delete(table).where(condition))).rowcount)
