"""`shop orders refund --amount` and `--lines`."""

from __future__ import annotations

import json

import pytest

from shop.checkout.model import Order
from shop.checkout.order_numbers import grouped
from tests.fixtures.commands import ShopCommand
from tests.fixtures.order_scene import Scene
from tests.unit.commands.orders.test_group import AtTheShop, at_the_shop, ordering, shop_orders

__all__ = ["at_the_shop", "shop_orders"]


@pytest.fixture
def order(at_the_shop: AtTheShop) -> Order:
    """Two of each of three things at €10, a tenth off."""
    placed: Order = at_the_shop(ordering())
    return placed


def refunded(shop_orders: ShopCommand, order: Order) -> int:
    shown = json.loads(shop_orders("show", order.number, "--json")[1])
    assert shown["order"]["refunded"] == shown["payment"]["refunded"]
    return int(shown["order"]["refunded"])


def test_an_amount_and_then_items_and_then_the_rest(
    order: Order, shop_orders: ShopCommand, at_the_shop: AtTheShop
) -> None:
    status, _, err = shop_orders("refund", order.number, "--amount", "12.50")
    assert status == 2
    assert f"This would refund €12.50 of {order.quote.total.format()}. Add --yes" in err
    assert refunded(shop_orders, order) == 0
    status, out, err = shop_orders("refund", order.number, "--amount", "12.50", "--why", "late", "--yes")
    assert (status, out, err) == (0, "€12.50 refunded.\n", "")
    assert shop_orders("refund", order.number, "--lines", "MUG=1,JUG", "--yes")[1] == "€27.00 refunded.\n"
    assert refunded(shop_orders, order) == 3950
    shown = shop_orders("show", order.number)[1]
    assert "is paid." in shown
    left = order.quote.money(order.quote.totals.total - 3950).format()
    assert f"Refunded: €39.50 in parts, {left} left" in shown
    assert "part refund by" in shown
    assert "(€12.50: late)" in shown
    assert "(€27.00, 1 × MUG, 2 × JUG)" in shown
    assert f"{left} refunded." in shop_orders("refund", order.number, "--yes")[1]
    assert at_the_shop(Scene.ledger) == ["authorised", "captured", "refunded"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--amount", "0"], "no amount"),
        (["--amount", "-5"], "no amount"),
        (["--amount", "1.234"], "no amount"),
        (["--amount", "twelve"], "no amount"),
        (["--amount", "1e400"], "no amount"),
        (["--amount", "NaN"], "no amount"),
        (["--amount", "9999"], "cannot be refunded"),
        (["--lines", "NOBODY=1"], "has no NOBODY"),
        (["--lines", "MUG=3"], "2 can be refunded, not 3"),
        (["--lines", "MUG=x"], "not understood"),
        (["--lines", "MUG=1,MUG=1"], "not understood"),
        (["--lines", ","], "names no item"),
        (["--lines", "MUG=1", "--amount", "1"], "either --amount or --lines"),
        (["--amount", "1", "--restock"], "--restock needs --lines"),
    ],
)
def test_what_cannot_be_refunded_is_said_and_nothing_done(
    order: Order, shop_orders: ShopCommand, options: list[str], says: str
) -> None:
    status, _, err = shop_orders("refund", order.number, *options, "--yes")
    assert status != 0
    assert says in err
    assert "Traceback" not in err
    assert refunded(shop_orders, order) == 0


def test_what_was_refunded_item_by_item_is_not_refunded_again(order: Order, shop_orders: ShopCommand) -> None:
    assert shop_orders("refund", grouped(order.number), "--lines", "MUG=2", "--restock", "--yes")[0] == 0
    status, _, err = shop_orders("refund", order.number, "--lines", "MUG=1", "--yes")
    assert (status, "Of MUG, 0 can be refunded" in err) == (1, True)
