"""`shop shopper`: exports and erases the data of a person."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
import msgspec

from shop.commands.terminal import user
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.checkout.privacy import Erased, PersonalData

YES = click.option("--yes", is_flag=True, help="Do it; it cannot be undone.")


@click.group()
def shopper() -> None:
    """Export and erase the data of a person, whom the shop knows by an e-mail address."""


@shopper.command()
@click.argument("email")
def export(email: str) -> None:
    """Print everything that the shop has of EMAIL as JSON: orders, e-mails, used coupons, stock alerts."""
    data = asyncio.run(_export(Settings.from_env(), email))
    click.echo(msgspec.json.format(msgspec.json.encode(data)))


@shopper.command()
@click.argument("email")
@YES
def erase(email: str, yes: bool) -> None:
    """Erase everything that the shop has of EMAIL.

    Orders stay for the books, without the person. An order that is still under way stays whole; erase again when it has
    ended.
    """
    if not yes:
        data = asyncio.run(_export(Settings.from_env(), email))
        counts = f"{len(data.orders)} orders, {len(data.emails)} e-mails and {len(data.stock_alerts)} stock alerts"
        raise click.UsageError(f"The shop has {counts} of {email}. Add --yes to erase them.")
    erased = asyncio.run(_erase(Settings.from_env(), email))
    _report(erased)


@shopper.command()
@click.option("--days", type=click.IntRange(30), required=True, help="Days since an order ended.")
def expire(days: int) -> None:
    """Erase the persons of orders that ended more than so many days ago, and old e-mails: for a nightly job."""
    _report(asyncio.run(_expire(Settings.from_env(), days)))


def _report(erased: Erased) -> None:
    click.echo(f"{erased.orders} orders anonymised, {erased.emails} e-mails deleted.")
    for number in erased.under_way:
        click.echo(f"Order {number} is still under way and stays whole.", err=True)


async def _export(settings: Settings, email: str) -> PersonalData:
    from shop.parts import opened

    async with opened(settings, long_running=True) as parts:
        return await parts.privacy.export(email)


async def _erase(settings: Settings, email: str) -> Erased:
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        return await parts.privacy.erase(email, who=user())


async def _expire(settings: Settings, days: int) -> Erased:
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        return await parts.privacy.expire(days, who=user())
