"""One cart as an operator sees it: `shop cart show`."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from shop.cart import codec, jsonl
from shop.cart.connect import shown
from shop.cart.model import Cart
from shop.cart.service import CartService, now
from shop.commands.cart.stores import all_opened, configured
from shop.commands.terminal import harmless
from shop.errors import NotFound, StoreUnavailable
from shop.settings import Settings

UNITS = (("d", 24 * 3600), ("h", 3600), ("min", 60), ("s", 1))


class Kept(msgspec.Struct, frozen=True):
    """A cart as one store keeps it."""

    store: str
    """The setting, or the option, that names the store."""
    url: str
    cart: Cart | None
    """None where the store could not be asked."""
    seconds_left: int
    trouble: str = ""


def show_cart(settings: Settings, cart_id: str, url: str | None, *, as_json: bool) -> None:
    """`shop cart show`. Raises NotFound, and StoreUnavailable where no store could be asked."""
    kept = asyncio.run(_look_up(settings, cart_id, {"--url": url} if url else configured(settings)))
    asked = [each for each in kept if each.cart is not None]
    if not asked:
        raise StoreUnavailable(" ".join(each.trouble for each in kept))
    cart = next((each.cart for each in asked if each.cart and each.cart.revision), None)
    if cart is None:
        raise NotFound(f"There is no cart {cart_id} in {' or '.join(each.url for each in asked)}.")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_as_json(cart, kept))))
    else:
        _print_cart(cart, kept)


async def _look_up(settings: Settings, cart_id: str, urls: dict[str, str]) -> list[Kept]:
    async def look(name: str, store: CartService) -> Kept:
        where = shown(urls[name])
        try:
            cart = await store.get(cart_id)
            return Kept(name, where, cart, await store.time_left(cart_id))
        except StoreUnavailable as error:
            return Kept(name, where, None, 0, f"{where}: {error}")

    async with all_opened(urls, settings) as stores:
        return list(await asyncio.gather(*(look(name, store) for name, store in stores.items())))


def compared(cart: Cart, other: Cart | None) -> str:
    """What another store's state of a cart is, beside the one that is shown."""
    if other is None:
        return "could not be asked"
    if other.revision == 0:
        return "does not hold it"
    if other == cart:
        return "holds it like this"
    if cart.grew_from(other):
        return f"is behind, at revision {other.revision}"
    if other.grew_from(cart):
        return f"is ahead, at revision {other.revision}"
    return f"holds it with other changes, at revision {other.revision}"


def _as_json(cart: Cart, kept: list[Kept]) -> dict[str, Any]:
    return {
        "cart": jsonl.written(cart),
        "age_seconds": now() - cart.changed_at,
        "bytes": len(codec.encode(cart)),
        "stores": [
            {
                "name": each.store,
                "url": each.url,
                "state": compared(cart, each.cart),
                "revision": each.cart.revision if each.cart else None,
                "seconds_left": each.seconds_left,
            }
            for each in kept
        ],
    }


def _print_cart(cart: Cart, kept: list[Kept]) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    table = Table("sku", "quantity", "price", "line total", "added", "")
    for line in cart.lines:
        saved = "saved for later" if line.saved else ""
        total = (line.price * line.quantity).format()
        added = f"{span(now() - line.added_at)} ago"
        table.add_row(harmless(line.sku), str(line.quantity), line.price.format(), total, added, saved)
    console.print(f"Cart {cart.id}, revision {cart.revision}, changed {span(now() - cart.changed_at)} ago,")
    console.print(f"{len(cart.lines)} lines, {cart.quantity} pieces to buy, {len(codec.encode(cart))} bytes.")
    if cart.lines:
        console.print(table)
    if cart.coupon:
        console.print(f"The shopper has entered the coupon {cart.coupon}.")
    if cart.removed:
        pieces = sum(line.quantity for _, line in cart.removed.lines)
        console.print(f"Undo would put back {pieces} pieces of {len(cart.removed.lines)} lines.")
    for each in kept:
        left = f"; it lives for {span(each.seconds_left)} more" if each.seconds_left else ""
        console.print(f"{each.store} ({each.url}) {compared(cart, each.cart)}{left}.")
        if each.trouble:
            console.print(f"  {each.trouble}")


def span(seconds: int) -> str:
    """A time span in its two largest units: '2 d 3 h'."""
    parts: list[tuple[int, str]] = []
    for unit, size in UNITS:
        count, seconds = divmod(max(0, seconds), size)
        if count or parts or unit == "s":
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count or len(parts) == 1)
