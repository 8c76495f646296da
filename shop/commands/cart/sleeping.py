"""`shop cart sleeping`: lists abandoned carts in the archive, by id, without personal data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click
import msgspec
from rich.console import Console
from rich.table import Table

from shop.cart.connect import redacted
from shop.cart.service import now
from shop.cart.sql.service import SqlCartService
from shop.cart.sql.table import IdleCart
from shop.commands.cart.show import span
from shop.commands.cart.stores import opened
from shop.errors import ConfigurationError
from shop.settings import Settings


def show_sleeping(
    settings: Settings, url: str | None, *, older_than: int, by_value: bool, limit: int, as_json: bool
) -> None:
    """`shop cart sleeping`. Raises ConfigurationError if there is no archive."""
    if not (url or settings.cart_archive):
        raise ConfigurationError(
            "CART_ARCHIVE is off, so there is no cart archive. Set CART_ARCHIVE=on, or name a database with --url."
        )
    name, where = ("--url", url) if url else ("DATABASE_URL", settings.database_url)
    found = asyncio.run(_find(settings, name, where, now() - older_than, by_value=by_value, limit=limit))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_figures(each) for each in found])))
    elif found:
        _print_table(found)
    else:
        click.echo(f"Every cart in {redacted(where)} has changed within the last {span(older_than)}.")


async def _find(
    settings: Settings, name: str, url: str, before: int, *, by_value: bool, limit: int
) -> Sequence[IdleCart]:
    async with opened(name, url, settings) as store:
        if not isinstance(store, SqlCartService):
            raise ConfigurationError(
                f"{name}: a cart archive is an SQL database; name a sqlite:// or postgresql:// URL."
            )
        found = await store.idle(before, by_value=by_value, limit=limit)
    # The archive sorts by age only to the hour.
    return found if by_value else sorted(found, key=lambda cart: cart.changed_at)


def _figures(cart: IdleCart) -> dict[str, str | int | None]:
    return {
        "id": cart.id,
        "pieces": cart.quantity,
        "amount": cart.value.amount if cart.value else 0,
        "currency": cart.value.currency if cart.value else None,
        "changed_at": cart.changed_at,
    }


def _print_table(carts: Sequence[IdleCart]) -> None:
    table = Table("cart", "units", "value", "unchanged for")
    for cart in carts:
        value = cart.value.format() if cart.value else ""
        table.add_row(cart.id, str(cart.quantity), value, span(now() - cart.changed_at))
    Console(soft_wrap=True, highlight=False).print(table)
