"""`shop cart show`: one cart, and the state of it in each store."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from shop.cart import codec, jsonl
from shop.cart.connect import redacted
from shop.cart.model import Cart
from shop.cart.service import CartService, now
from shop.commands.cart.stores import all_opened, configured
from shop.commands.terminal import harmless
from shop.errors import NotFound, StoreUnavailable
from shop.settings import Settings

UNITS = (("d", 24 * 3600), ("h", 3600), ("min", 60), ("s", 1))


class StoredCart(msgspec.Struct, frozen=True):
    """One store's copy of a cart."""

    store: str
    """The setting or option that names the store."""
    url: str
    cart: Cart | None
    """None if the store did not answer."""
    seconds_left: int
    error: str = ""


def show_cart(settings: Settings, cart_id: str, url: str | None, *, as_json: bool) -> None:
    """`shop cart show`. Raises NotFound, and StoreUnavailable if no store answers."""
    copies = asyncio.run(_look_up(settings, cart_id, {"--url": url} if url else configured(settings)))
    answered = [each for each in copies if each.cart is not None]
    if not answered:
        raise StoreUnavailable(" ".join(each.error for each in copies))
    cart = next((each.cart for each in answered if each.cart and each.cart.revision), None)
    if cart is None:
        raise NotFound(f"There is no cart {cart_id} in {' or '.join(each.url for each in answered)}.")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_as_json(cart, copies))))
    else:
        _print_cart(cart, copies)


async def _look_up(settings: Settings, cart_id: str, urls: dict[str, str]) -> list[StoredCart]:
    async def look(name: str, store: CartService) -> StoredCart:
        where = redacted(urls[name])
        try:
            cart = await store.get(cart_id)
            return StoredCart(name, where, cart, await store.time_left(cart_id))
        except StoreUnavailable as error:
            return StoredCart(name, where, None, 0, f"{where}: {error}")

    async with all_opened(urls, settings) as stores:
        return list(await asyncio.gather(*(look(name, store) for name, store in stores.items())))


def compared(cart: Cart, other: Cart | None) -> str:
    """How a store's copy (`other`) compares with the displayed `cart`, as the end of a sentence."""
    if other is None:
        return "did not answer"
    if other.revision == 0:
        return "does not have it"
    if other == cart:
        return "has the same cart"
    if cart.grew_from(other):
        return f"is behind, at revision {other.revision}"
    if other.grew_from(cart):
        return f"is ahead, at revision {other.revision}"
    return f"has conflicting changes, at revision {other.revision}"


def _as_json(cart: Cart, copies: list[StoredCart]) -> dict[str, Any]:
    return {
        "cart": jsonl.as_document(cart),
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
            for each in copies
        ],
    }


def _print_cart(cart: Cart, copies: list[StoredCart]) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    table = Table("sku", "quantity", "price", "line total", "added", "")
    for line in cart.lines:
        saved = "saved for later" if line.saved else ""
        total = (line.price * line.quantity).format()
        added = f"{span(now() - line.added_at)} ago"
        table.add_row(harmless(line.sku), str(line.quantity), line.price.format(), total, added, saved)
    console.print(f"Cart {cart.id}, revision {cart.revision}, changed {span(now() - cart.changed_at)} ago,")
    console.print(f"{len(cart.lines)} lines, {cart.quantity} units to buy, {len(codec.encode(cart))} bytes.")
    if cart.lines:
        console.print(table)
    if cart.coupon:
        console.print(f"Coupon: {cart.coupon}.")
    for removal in cart.removals:
        units = sum(line.quantity for _, line in removal.lines)
        console.print(f"Undo would restore {units} units in {len(removal.lines)} lines.")
    for each in copies:
        left = f"; it expires in {span(each.seconds_left)}" if each.seconds_left else ""
        console.print(f"{each.store} ({each.url}) {compared(cart, each.cart)}{left}.")
        if each.error:
            console.print(f"  {each.error}")


def span(seconds: int) -> str:
    """A duration in its two largest units: '2 d 3 h'."""
    parts: list[tuple[int, str]] = []
    for unit, size in UNITS:
        count, seconds = divmod(max(0, seconds), size)
        if count or parts or unit == "s":
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count or len(parts) == 1)
