"""`shop coupons`: lists, adds and ends coupon codes."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from shop.errors import InvalidInput, NotFound
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.checkout.pricing.coupons import Coupon
    from shop.money import Money

DAY = click.DateTime(["%Y-%m-%d"])
LAST_YEAR = 9998
"""The last year in which a coupon may end: the end of a day is the beginning of the next."""
MAX_AMOUNT = 10**12
"""Minor units, as for prices."""
MAX_UNITS = 1000
MAX_TITLE = 80
MAX_ORDERS = 2**31 - 1
"""The largest integer of every database."""


class Amount(click.ParamType[Decimal]):
    """A decimal number greater than 0."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Parse the number. Fails with click.BadParameter."""
        from shop.typed import one_form

        try:
            number = Decimal(one_form(str(value)))
        except InvalidOperation:
            number = Decimal(0)
        if not number.is_finite() or number <= 0:
            self.fail(f"{value!r} is not a number greater than 0.", param, ctx)
        return number


@click.group()
def coupons() -> None:
    """List, add and end coupons.

    Amounts are in the catalogue's currency (CURRENCY); days begin and end at 0:00 in TIME_ZONE.
    """


@coupons.command("list")
def list_() -> None:
    """List every coupon: its discount, its conditions, its days and how often it was used."""
    asyncio.run(_list(Settings.from_env()))


@coupons.command()
@click.argument("code")
@click.option("--percent", type=Amount(), help="Percent off the goods.")
@click.option("--amount", type=Amount(), help="Amount off the goods.")
@click.option("--free-shipping", is_flag=True, help="Make the cheapest shipping method free.")
@click.option("--minimum", type=Amount(), help="Minimum subtotal of the goods that it is for.")
@click.option("--product", "products", multiple=True, help="Only for the product with this handle; may be repeated.")
@click.option("--category", "categories", multiple=True, help="Only for this category; may be repeated.")
@click.option("--buy", type=click.IntRange(1, MAX_UNITS), help="With --get: of so many units that are bought,")
@click.option("--get", type=click.IntRange(1, MAX_UNITS), help="so many more have the percentage off, the cheapest.")
@click.option("--first-order", is_flag=True, help="Only for an e-mail address without an earlier order.")
@click.option("--automatic", is_flag=True, help="Applies without a code; not limited in uses.")
@click.option("--title", default="", help="What shoppers read of an automatic one.")
@click.option("--from", "starts", type=DAY, help="The first day (YYYY-MM-DD).")
@click.option("--until", "ends", type=DAY, help="The last day.")
@click.option("--uses", type=click.IntRange(1, MAX_ORDERS), help="Maximum number of orders.")
@click.option(
    "--per-shopper", type=click.IntRange(1, MAX_ORDERS), help="Maximum number of orders for each e-mail address."
)
def add(code: str, **given: Any) -> None:
    """Add a coupon: CODE is what shoppers enter, at most 32 letters, digits and hyphens."""
    asyncio.run(_add(Settings.from_env(), code, given))


@coupons.command()
@click.argument("code")
def end(code: str) -> None:
    """End a coupon now. Orders that already use it keep it."""
    asyncio.run(_end(Settings.from_env(), code))


async def _list(settings: Settings) -> None:
    from rich.console import Console
    from rich.table import Table

    from shop.parts import opened

    async with opened(settings) as parts:
        found = await parts.coupons.all()
    table = Table("Coupon", "discount", "conditions", "days", "used", title="Coupons", title_justify="left")
    for coupon in found:
        uses = f"{coupon.uses:,}" + (f" of {coupon.max_uses:,}" if coupon.max_uses is not None else "")
        table.add_row(coupon.code, _discount(coupon), _conditions(coupon), _days(coupon, settings.zone), uses)
    Console().print(table)


async def _add(settings: Settings, code: str, given: dict[str, Any]) -> None:
    from shop.checkout.pricing.coupons import coupon_code
    from shop.parts import opened
    from shop.typed import one_form

    normalized = coupon_code(code)
    if not normalized or " " in one_form(code):
        raise InvalidInput(f"{code!r} cannot be a coupon code: use at most 32 letters, digits and hyphens.")
    new = _coupon(normalized, given, settings)
    async with opened(settings, prepare=True) as parts:
        if not await parts.coupons.add([new]):
            raise InvalidInput(
                f"The coupon {normalized} exists already. Choose another code: orders may be using that one."
            )
    click.echo(f"{normalized}: {_discount(new)}; conditions: {_conditions(new)}; {_days(new, settings.zone)}.")


async def _end(settings: Settings, code: str) -> None:
    from shop.checkout.pricing.coupons import CACHE_SECONDS, coupon_code
    from shop.parts import opened

    async with opened(settings, prepare=True) as parts:
        if not await parts.coupons.end(coupon_code(code), int(time.time())):
            raise NotFound(f"There is no coupon {code!r}. 'shop coupons list' lists all coupons.")
    click.echo(f"{coupon_code(code)} has ended. A running shop stops accepting it within {CACHE_SECONDS:g} seconds.")


def _coupon(code: str, given: dict[str, Any], settings: Settings) -> Coupon:
    from shop.checkout.pricing.coupons import Coupon
    from shop.checkout.pricing.totals import CouponTerms
    from shop.typed import one_line

    currency, zone = settings.currency, settings.zone
    percent, amount, minimum = given["percent"], given["amount"], given["minimum"]
    starts, ends = given["starts"], given["ends"]
    if percent is not None and (percent > 100 or percent * 100 != int(percent * 100)):
        raise InvalidInput("A percentage is at most 100 and has at most two decimals.")
    if any(day and not 1970 <= day.year <= LAST_YEAR for day in (starts, ends)):
        raise InvalidInput(f"The days of a coupon are in the years from 1970 to {LAST_YEAR}.")
    title = one_line(given["title"])
    if len(title) > MAX_TITLE:
        raise InvalidInput(f"A title has at most {MAX_TITLE} characters.")
    if given["automatic"] and given["uses"] is not None:
        raise InvalidInput("An automatic coupon cannot be limited to a number of orders.")
    if starts and ends and ends < starts:
        raise InvalidInput("A coupon cannot end before it begins.")
    try:
        terms = CouponTerms(
            percent=int(percent * 100) if percent else 0,
            amount=_money(amount, currency) if amount else None,
            free_shipping=given["free_shipping"],
            minimum=_money(minimum, currency) if minimum else None,
            starts=_seconds(starts, zone) if starts else 0,
            ends=_seconds(ends + timedelta(days=1), zone) if ends else None,
            per_shopper=given["per_shopper"],
            products=tuple(map(one_line, given["products"])),
            categories=tuple(map(one_line, given["categories"])),
            buy=given["buy"] or 0,
            get=given["get"] or 0,
            first_order=given["first_order"],
            automatic=given["automatic"],
            title=title,
        )
    except ValueError as error:
        raise InvalidInput(f"Not added: {error}.") from error
    return Coupon(code, terms, 0, given["uses"])


def _money(amount: Decimal, currency: str) -> Money:
    from shop.money import Money, minor_digits

    digits = minor_digits(currency)
    if amount.adjusted() + digits >= len(str(MAX_AMOUNT)) - 1:
        raise InvalidInput(f"An amount is less than {MAX_AMOUNT // 10**digits:,} {currency}.")
    money = Money.of(amount, currency)
    if money.decimal != amount:
        raise InvalidInput(f"{amount} has more decimals than {currency}, which has {digits}.")
    return money


def _seconds(day: datetime, zone: tzinfo) -> int:
    return int(day.replace(tzinfo=zone).timestamp())


def _discount(coupon: Coupon) -> str:
    terms = coupon.terms
    off = terms.amount.format() if terms.amount else f"{terms.percent / 100:g}%" if terms.percent else ""
    each = f" {terms.get} of each {terms.buy + terms.get}" if terms.get else ""
    return " and ".join([f"{off} off{each}"] * bool(off) + ["free shipping"] * terms.free_shipping)


def _conditions(coupon: Coupon) -> str:
    terms = coupon.terms
    times = {None: "", 1: "once per shopper"}.get(terms.per_shopper, f"{terms.per_shopper} times per shopper")
    minimum = f"orders of {terms.minimum.format()} or more" if terms.minimum else ""
    scope = f"only {', '.join((*terms.products, *terms.categories))}" if terms.products or terms.categories else ""
    first = "first orders" if terms.first_order else ""
    automatic = f"without a code, as “{terms.title}”" if terms.automatic else ""
    return ", ".join(filter(None, (minimum, scope, first, times, automatic))) or "none"


def _days(coupon: Coupon, zone: tzinfo) -> str:
    from shop.formatting import day_of

    terms = coupon.terms
    starts = f"from {day_of(terms.starts, zone)}" if terms.starts else ""
    ends = f"until {day_of(terms.ends - 1, zone)}" if terms.ends is not None else ""
    return " ".join(filter(None, (starts, ends))) or "any day"
