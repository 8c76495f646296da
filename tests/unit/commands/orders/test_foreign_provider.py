"""Every command of `shop orders` uses the shop's own payment provider, not the demo provider."""

from __future__ import annotations

import pytest

from tests.fixtures.commands import ShopCommand
from tests.fixtures.foreign_provider import FileLedger
from tests.fixtures.order_scene import Scene
from tests.unit.commands.orders.test_group import AtTheShop, at_the_shop, ordering, shop_orders

__all__ = ["at_the_shop", "shop_orders"]


@pytest.fixture
def number(at_the_shop: AtTheShop, foreign_provider: FileLedger) -> str:
    """An order paid through the third-party provider."""

    async def place(scene: Scene) -> str:
        cart = await scene.cart()
        order = await scene.process(payments=foreign_provider).place(await scene.submission(cart))
        return str(order.number)

    placed: str = at_the_shop(place)
    assert foreign_provider.calls() == ["authorise", "capture"]
    return placed


def test_show_tells_what_the_provider_knows(number: str, shop_orders: ShopCommand) -> None:
    assert "Payment: Visa ending in 4242, captured" in shop_orders("show", number)[1]


def test_list_asks_nobody(number: str, shop_orders: ShopCommand, foreign_provider: FileLedger) -> None:
    assert shop_orders("list")[0] == 0
    assert foreign_provider.calls() == ["authorise", "capture"]


@pytest.mark.parametrize(("verb", "becomes"), [("refund", "refunded"), ("cancel", "cancelled")])
def test_money_is_given_back_by_the_provider(
    verb: str, becomes: str, number: str, shop_orders: ShopCommand, foreign_provider: FileLedger
) -> None:
    status, out, err = shop_orders(verb, number, "--yes")
    assert (status, err) == (0, "")
    assert f"is {becomes}." in out
    assert foreign_provider.calls() == ["authorise", "capture", "refund"]
    assert ", refunded" in shop_orders("show", number)[1]


def test_ship_moves_no_money(number: str, shop_orders: ShopCommand, foreign_provider: FileLedger) -> None:
    assert shop_orders("ship", number)[0] == 0
    assert foreign_provider.calls() == ["authorise", "capture"]


def test_the_demonstration_is_not_asked_behind_the_back(
    at_the_shop: AtTheShop, shop_orders: ShopCommand, foreign_provider: FileLedger
) -> None:
    order = at_the_shop(ordering())
    assert "Payment: Visa ending in 4242, never made" in shop_orders("show", order.number)[1]
    assert foreign_provider.calls() == []


def test_a_provider_that_is_not_installed_is_a_wrong_setting(
    shop_orders: ShopCommand, at_the_shop: AtTheShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = at_the_shop(ordering())
    monkeypatch.setenv("PAYMENTS_URL", "nobody://secret@host")
    status, _, err = shop_orders("show", order.number)
    assert status == 2
    assert "PAYMENTS_URL begins with 'nobody'" in err
    assert "demo:" in err
    assert "secret" not in err
