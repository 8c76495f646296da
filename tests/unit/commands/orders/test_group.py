"""`shop orders`: listing, showing and changing orders."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from shop.catalog.exchange_rates import read_rates
from shop.catalog.schema import products, stock_changes
from shop.checkout import schema
from shop.checkout.model import NEXT, Order
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.demo_cards import Outcome
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import demo_payments, outbox
from shop.commands.orders.group import STATES
from shop.database import create_engine, fetch, writing
from tests.fixtures.commands import ShopCommand
from tests.fixtures.order_scene import CODE, STOCK, Scene
from tests.fixtures.shop_app import Clock

AtTheShop = Callable[[Callable[[Scene], Awaitable[Any]]], Any]


@pytest.fixture
def shop_orders(shop_command: ShopCommand) -> ShopCommand:
    """Runs `shop orders …`."""
    return partial(shop_command, "orders")


@pytest.fixture
def at_the_shop(sqlite_url: str, clock: Clock) -> AtTheShop:
    """Runs a coroutine in the shop whose orders the commands change."""

    def do(work: Callable[[Scene], Awaitable[Any]]) -> Any:
        async def with_scene() -> Any:
            engine = create_engine(sqlite_url)
            scene = Scene(engine, clock)
            try:
                return await work(scene)
            finally:
                await scene.catalog.close()
                await engine.dispose()

        return asyncio.run(with_scene())

    do(Scene.prepare)
    return do


def ordering(outcome: Outcome = "approved", cart_id: str = "ada") -> Callable[[Scene], Awaitable[Order]]:
    async def place(scene: Scene) -> Order:
        cart = await scene.cart(cart_id=cart_id, coupon=CODE if cart_id == "ada" else "")
        return await scene.process(seconds=0.5).place(await scene.submission(cart, outcome))

    return place


class TestLooking:
    def test_lists_orders_and_those_in_a_state(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        paid = at_the_shop(ordering())
        waiting = at_the_shop(ordering("challenged", "bob"))
        status, out, _ = shop_orders("list")
        assert status == 0
        (row,) = (row for row in out.splitlines() if grouped(paid.number) in row)
        assert all(words in row for words in ("paid", paid.quote.total.format(), "ada@shop.example", " 6 "))
        assert "pending, not settled" in out
        assert [each["number"] for each in json.loads(shop_orders("list", "--state", "paid", "--json")[1])] == [
            paid.number
        ]
        unsettled = shop_orders("list", "--unsettled")[1]
        assert grouped(waiting.number) in unsettled
        assert grouped(paid.number) not in unsettled

    def test_finds_orders_by_what_people_remember(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        async def place(scene: Scene) -> Order:
            meant = await scene.submission(await scene.cart("MUG", cart_id="bob"))
            address = msgspec.structs.replace(meant.buyer.address, name="Jörg Müller", city="Köln")
            buyer = msgspec.structs.replace(meant.buyer, email="Bob@shop.example", address=address)
            return await scene.process().place(msgspec.structs.replace(meant, buyer=buyer))

        ada, bob = at_the_shop(ordering()), at_the_shop(place)

        def found(*options: str) -> list[str]:
            return [order["number"] for order in json.loads(shop_orders("list", "--json", *options)[1])]

        assert (
            found("--email", "bob@SHOP.example") == found("--name", "MÜLLER") == found("--text", "köln") == [bob.number]
        )
        assert found("--sku", "BOWL") == found("--text", "ada@shop") == [ada.number]
        assert found("--text", "100%") == found("--name", "Köln") == found("--since", "2099-01-01") == []
        assert set(found("--since", "2027-01-15")) == {ada.number, bob.number}

    def test_prints_csv_that_spreadsheets_do_not_run(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        async def place(scene: Scene) -> Order:
            meant = await scene.submission(await scene.cart("MUG", "BOWL", cart_id="bob"))
            address = msgspec.structs.replace(meant.buyer.address, name="=HYPERLINK(1)")
            buyer = msgspec.structs.replace(meant.buyer, address=address)
            return await scene.process().place(msgspec.structs.replace(meant, buyer=buyer))

        order = at_the_shop(place)
        rows = list(csv.DictReader(io.StringIO(shop_orders("list", "--csv")[1])))
        assert [(row["number"], row["sku"], row["quantity"], row["unit"]) for row in rows] == [
            (order.number, "MUG", "2", "10.00"),
            (order.number, "BOWL", "2", "10.00"),
        ]
        assert {row["name"] for row in rows} == {"'=HYPERLINK(1)"}
        assert {row["total"] for row in rows} == {f"{order.quote.total.decimal:f}"}

    def test_shows_an_order_however_its_number_is_typed(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering())
        status, out, _ = shop_orders("show", grouped(order.number).lower())
        assert status == 0
        assert f"Order {grouped(order.number)} of 2027-01-15 08:00 UTC is paid." in out
        assert f"Total: {order.quote.total.format()}, of which VAT 19%" in out
        assert "Coupon: TENTH, €6.00 off" in out
        assert "Payment: Visa ending in 4242, captured" in out
        assert "Address: 1 Quay, 10115 Berlin, Germany" in out
        shown = json.loads(shop_orders("show", order.number, "--json")[1])
        assert (shown["order"]["number"], shown["payment"]["status"]) == (order.number, "captured")

    def test_shows_a_gift_note_whose_lines_pass_for_nothing_else(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop
    ) -> None:
        async def place(scene: Scene) -> Order:
            meant = await scene.submission()
            buyer = msgspec.structs.replace(meant.buyer, gift_note="For Kim\nPayment: none")
            return await scene.process().place(msgspec.structs.replace(meant, buyer=buyer))

        order = at_the_shop(place)
        shown = shop_orders("show", order.number)[1]
        assert "\nGift note: For Kim\n  Payment: none\n" in shown
        assert shown.count("\nPayment: ") == 1
        as_json = json.loads(shop_orders("show", order.number, "--json")[1])["order"]
        assert as_json["gift_note"] == "For Kim\nPayment: none"
        assert (as_json["email"], as_json["card_last4"]) == ("ada@shop.example", "4242")

    def test_what_was_typed_or_imported_does_nothing_to_the_terminal(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop
    ) -> None:
        async def place(scene: Scene) -> Order:
            async with writing(scene.database) as connection:
                await connection.execute(update(products).values(title="Mug [/b] \x1b[2J"))
            meant = await scene.submission()
            address = msgspec.structs.replace(meant.buyer.address, city="\x1b]0;owned\x07\x9b2J\u202e")
            buyer = msgspec.structs.replace(meant.buyer, address=address, email="\x9b2J@shop.example")
            sent = msgspec.structs.replace(meant, buyer=buyer)
            return await scene.process().place(sent)

        order = at_the_shop(place)
        listed, shown = shop_orders("list"), shop_orders("show", order.number)
        assert (listed[0], shown[0]) == (0, 0)
        assert "Mug [/b]" in shown[1]
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(listed[1] + shown[1])

    def test_knows_every_state(self) -> None:
        assert set(STATES) == set(NEXT) == set(schema.STATES)

    def test_an_unknown_number_is_one_plain_line(self, shop_orders: ShopCommand) -> None:
        assert shop_orders("show", "nothing") == (1, "", "shop: There is no order nothing.\n")


class TestChanging:
    def test_cancels_an_order_that_cost_nothing(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        async def place(scene: Scene) -> Order:
            free = Coupon("ALLOFIT", CouponTerms(percent=10_000, free_shipping=True))
            await Coupons(scene.database, read_rates()).add([free])
            return await scene.process().place(await scene.submission(await scene.cart(coupon=free.code)))

        order = at_the_shop(place)
        assert "Payment: nothing to pay\n" in shop_orders("show", order.number)[1]
        assert shop_orders("cancel", order.number, "--yes")[0] == 0
        assert at_the_shop(Scene.stock) == {}
        assert at_the_shop(Scene.all)[0].settled

    def test_ships_a_paid_order_once(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering())
        assert shop_orders("ship", order.number) == (0, f"Order {grouped(order.number)} is shipped.\n", "")
        again = shop_orders("ship", order.number)
        assert again == (1, "", f"shop: Order {order.number} is shipped; it cannot become shipped.\n")
        assert at_the_shop(Scene.emails) == ["placed", "shipped"]

    def test_ships_a_part_and_takes_it_back(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering())
        sent = shop_orders("ship", order.number, "--lines", "MUG=1,JUG", "--carrier", "DHL", "--tracking", "0034")
        assert sent == (0, f"Order {grouped(order.number)} is paid; the rest waits to be shipped.\n", "")
        back = shop_orders("return", order.number, "--lines", "JUG=1", "--restock")
        assert back == (0, f"Back from order {grouped(order.number)}: 1 × JUG, on sale again.\n", "")
        shown = shop_orders("show", order.number)[1]
        assert "UTC: 1 × MUG, 2 × JUG, DHL 0034\n" in shown
        assert "UTC: 1 × JUG, on sale again\n" in shown
        assert [each["returned"] for each in json.loads(shop_orders("show", order.number, "--json")[1])["parcels"]] == [
            False,
            True,
        ]
        assert at_the_shop(Scene.stock) == {"MUG": -2, "BOWL": -2, "JUG": -1}
        assert shop_orders("ship", order.number, "--lines", "JUG=1")[0] == 1
        assert "is shipped" in shop_orders("ship", order.number)[1]
        assert at_the_shop(Scene.emails) == ["placed", "sent-1", "shipped"]

    @pytest.mark.parametrize("command", ["cancel", "refund"])
    def test_gives_no_money_back_unless_it_is_meant(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop, command: str
    ) -> None:
        order = at_the_shop(ordering())
        status, _, err = shop_orders(command, order.number)
        assert status == 2
        assert f"is paid. This would refund {order.quote.total.format()}" in err
        assert at_the_shop(Scene.ledger) == ["authorised", "captured"]

    def test_the_history_says_what_happened_by_whom_and_why(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LOGNAME", "eve")
        order = at_the_shop(ordering())
        shop_orders("ship", order.number, "--why", "DHL 00340")
        shop_orders("refund", order.number, "--yes", "--why", "broken")
        lines = shop_orders("show", order.number)[1].splitlines()[-3:]
        assert [line.partition("UTC: ")[2] for line in lines] == [
            "paid",
            "shipped by eve (DHL 00340)",
            "refunded by eve (broken)",
        ]
        told = json.loads(shop_orders("show", order.number, "--json")[1])["history"]
        assert [(event["what"], event["who"]) for event in told] == [
            ("paid", ""),
            ("shipped", "eve"),
            ("refunded", "eve"),
        ]

    def test_the_shopper_is_told_what_the_operator_says(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering())
        shop_orders("cancel", order.number, "--yes", "--message", "The kiln broke.", "--why", "kiln")

        async def letter(scene: Scene) -> str:
            (kept,) = await fetch(scene.database, select(outbox).where(outbox.c.id == f"cancelled:{order.number}"))
            return str(kept.plain)

        assert "The kiln broke." in at_the_shop(letter)
        assert "kiln\n" not in at_the_shop(letter)

    def test_goods_come_back_by_decision(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        lost, returned = at_the_shop(ordering()), at_the_shop(ordering(cart_id="bob"))
        shop_orders("cancel", lost.number, "--no-restock", "--yes", "--why", "broken")
        assert at_the_shop(Scene.stock) == dict.fromkeys(STOCK, -4)
        shop_orders("ship", returned.number)
        shop_orders("refund", returned.number, "--restock", "--yes")
        assert at_the_shop(Scene.stock) == dict.fromkeys(STOCK, -2)

        async def changes(scene: Scene) -> list[tuple[str, int, int]]:
            found = await fetch(scene.database, select(stock_changes).where(stock_changes.c.sku == "MUG"))
            return [(row.kind, row.before, row.after) for row in found]

        assert at_the_shop(changes) == [("written off", 10, 8), ("returned", 6, 8)]

    def test_money_that_the_bank_does_not_have_is_an_alarm(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop
    ) -> None:
        order = at_the_shop(ordering())

        async def forget(scene: Scene) -> None:
            async with writing(scene.database) as connection:
                await connection.execute(delete(demo_payments))

        at_the_shop(forget)
        status, out, err = shop_orders("refund", order.number, "--yes")
        assert status == 1
        assert "refunded." not in out.replace("is refunded.", "")
        assert "shop orders resolve" in err
        assert not at_the_shop(Scene.all)[0].settled
        assert shop_orders("resolve", order.number, "--settled", "--why", "paid back by hand")[0] == 0
        assert at_the_shop(Scene.all)[0].settled

    @pytest.mark.parametrize(("flag", "state", "units"), [("--paid", "paid", -2), ("--failed", "failed", 0)])
    def test_resolves_an_order_whose_payment_cannot_be_learnt(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop, flag: str, state: str, units: int
    ) -> None:
        order = at_the_shop(ordering("lost-call"))
        assert order.state == "pending"
        assert shop_orders("resolve", order.number, flag)[0] == 2, "it needs a reason"
        assert shop_orders("resolve", order.number, flag, "--why", "the bank said so")[0] == 0
        (resolved,) = at_the_shop(Scene.all)
        assert (resolved.state, resolved.settled) == (state, True)
        assert at_the_shop(Scene.stock) == (dict.fromkeys(STOCK, units) if units else {})
        assert "the bank said so" in shop_orders("show", order.number)[1]
        again = shop_orders("resolve", order.number, flag, "--why", "again")
        assert again[0] == 1
        assert "nothing is to be resolved" in again[2]

    def test_cancels(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering())
        said = f"Order {grouped(order.number)} is cancelled.\n{order.quote.total.format()} refunded.\n"
        assert shop_orders("cancel", order.number, "--yes") == (0, said, "")
        (cancelled,) = at_the_shop(Scene.all)
        assert (cancelled.state, cancelled.settled) == ("cancelled", True)
        assert at_the_shop(Scene.stock) == {}
        assert at_the_shop(Scene.emails) == ["cancelled", "placed"]
        assert at_the_shop(Scene.ledger) == ["authorised", "captured", "refunded"]

    def test_refunds_what_is_shipped_and_keeps_the_stock(
        self, shop_orders: ShopCommand, at_the_shop: AtTheShop
    ) -> None:
        order = at_the_shop(ordering())
        shop_orders("ship", order.number)
        assert shop_orders("refund", order.number, "--yes")[0] == 0
        assert at_the_shop(Scene.ledger) == ["authorised", "captured", "refunded"]
        assert at_the_shop(Scene.stock) == dict.fromkeys(STOCK, -2)

    def test_does_not_cancel_what_is_not_placed(self, shop_orders: ShopCommand, at_the_shop: AtTheShop) -> None:
        order = at_the_shop(ordering("challenged"))
        refused = f"shop: Order {order.number} is pending; it cannot become cancelled.\n"
        assert shop_orders("cancel", order.number, "--yes") == (1, "", refused)
