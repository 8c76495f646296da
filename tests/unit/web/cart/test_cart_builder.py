"""The cart's view: notices of its lines, and totals that match the lines."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cart.model import Cart, Limits, Line, Removed
from shop.catalog.model import Offer
from shop.i18n import ENGLISH
from shop.money import Money, Rates
from shop.resources import resource_dir
from shop.web.cart.cart_builder import cart_view, skus_of
from shop.web.cart.totals import CartTotals, item_totals
from shop.web.cart.views import CartReply, CartView, LineView
from shop.web.render.assets import assets_of
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices

RATES = Rates("EUR", "2025-01-02", {"EUR": Decimal(1), "JPY": Decimal("162.5"), "USD": Decimal("1.03")})
PICTURES = Pictures(assets_of(resource_dir("static")))
NOW = 1_800_000_000


def offer(sku: str, price: int = 1000, stock: int | None = None, variant: str = "") -> Offer:
    return Offer(sku, sku.lower(), sku.title(), variant, Money(price, "EUR"), None, stock, 0, None)


def line(sku: str, quantity: int = 1, price: int = 1000, *, saved: bool = False) -> Line:
    return Line(sku, quantity, Money(price, "EUR"), NOW, saved)


def view(cart: Cart, *offers: Offer, currency: str = "EUR") -> CartView:
    by_sku = {offer.sku: offer for offer in offers}
    prices = Prices(RATES, currency, ENGLISH)
    return cart_view(cart, by_sku, CartTotals(item_totals(cart, by_sku, prices)), prices, PICTURES, Limits(), NOW)


def only_line(line: Line, *offers: Offer, currency: str = "EUR") -> LineView:
    (shown,) = view(Cart("c", 1, (line,)), *offers, currency=currency).lines
    return shown


@pytest.mark.parametrize(
    ("line", "offer", "notices"),
    [
        (line("MUG"), offer("MUG"), ()),
        (line("MUG", price=1000), offer("MUG", 1200), ("The price went up from €10.00 to €12.00.",)),
        (line("MUG", price=1000), offer("MUG", 900), ("The price went down from €10.00 to €9.00.",)),
        (line("MUG", 2), offer("MUG", stock=5), ("Only 5 left.",)),
        (line("MUG", 2), offer("MUG", stock=6), ()),
        (line("MUG", 3), offer("MUG", stock=2), ("Only 2 left. Please lower the quantity.",)),
        (line("MUG"), offer("MUG", stock=0), ("Sold out.",)),
        (
            line("MUG", saved=False, price=1),
            offer("MUG", 2, stock=0),
            ("The price went up from €0.01 to €0.02.", "Sold out."),
        ),
    ],
)
def test_notices(line: Line, offer: Offer, notices: tuple[str, ...]) -> None:
    assert only_line(line, offer).notices == notices


def test_no_notice_for_a_price_change_below_the_currencys_unit() -> None:
    assert only_line(line("MUG", price=1000), offer("MUG", 1001), currency="JPY").notices != ()
    assert only_line(line("MUG", price=100_000), offer("MUG", 100_000), currency="JPY").notices == ()


def test_a_discontinued_line_adds_nothing_to_the_totals() -> None:
    shown = view(Cart("c", 1, (line("OLD", 5), line("MUG", 2))), offer("MUG"))
    assert (shown.quantity, shown.subtotal) == (2, "€20.00")
    old = shown.lines[0]
    assert (old.discontinued, old.url, old.unit_price) == (True, "", "")


def test_saved_lines_are_separate_and_add_nothing_to_the_totals() -> None:
    shown = view(Cart("c", 1, (line("MUG", 2, saved=True),)), offer("MUG"))
    assert (shown.lines, shown.quantity, shown.subtotal) == ((), 0, "€0.00")
    assert shown.saved[0].path == "/cart/saved/MUG"


def test_the_maximum_quantity_is_the_limit_or_the_stock() -> None:
    assert only_line(line("MUG"), offer("MUG")).max_quantity == 99
    assert only_line(line("MUG"), offer("MUG", stock=7)).max_quantity == 7
    assert only_line(line("MUG"), offer("MUG", stock=500)).max_quantity == 99


@pytest.mark.parametrize(
    ("lines", "words"),
    [(("MUG",), "Removed Mug."), (("POT",), "Removed Pot, Red."), (("MUG", "POT"), "Removed 2 different items.")],
)
def test_undo_names_what_it_would_restore(lines: tuple[str, ...], words: str) -> None:
    removed = Removed(b"\x01" * 8, NOW - 599, tuple((at, line(sku)) for at, sku in enumerate(lines)))
    shown = view(Cart("c", 2, (), removed), offer("MUG"), offer("POT", variant="Red"))
    assert shown.undo is not None
    assert (shown.undo.removal_id, shown.undo.message) == ("01" * 8, words)


def test_removed_skus_are_looked_up_while_undo_is_possible() -> None:
    cart = Cart("c", 2, (line("MUG"),), Removed(b"\x01" * 8, NOW, ((0, line("POT")), (1, line("MUG")))))
    assert skus_of(cart, NOW) == ("MUG", "POT")
    assert skus_of(cart, NOW + 600) == ("MUG",)


@given(
    prices=st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 99)), min_size=1, max_size=8),
    currency=st.sampled_from(["EUR", "JPY", "USD"]),
)
def test_the_amounts_shown_add_up(prices: list[tuple[int, int]], currency: str) -> None:
    cart = Cart("c", 1, tuple(line(f"S{at}", quantity, price) for at, (price, quantity) in enumerate(prices)))
    offers = [offer(f"S{at}", price) for at, (price, _) in enumerate(prices)]
    shown = view(cart, *offers, currency=currency)

    units = [RATES.convert(Money(price, "EUR"), currency) for price, _ in prices]
    assert [line.unit_price for line in shown.lines] == [unit.format() for unit in units]
    totals = [unit * quantity for unit, (_, quantity) in zip(units, prices, strict=True)]
    assert [line.total for line in shown.lines] == [total.format() for total in totals]
    assert shown.subtotal == Money(sum(total.amount for total in totals), currency).format()


@pytest.mark.parametrize(
    ("lines", "added", "shown"),
    [
        ("", "", ""),
        ("ABC", "", "CBA"),
        ("ABC", "B", "BCA"),
        ("ABCDEFG", "", "GFEDC"),
        ("ABCDEFG", "A", "AGFED"),
        ("ABCDEFG", "G", "GFEDC"),
        ("ABCDEFG", "X", "GFEDC"),
    ],
)
def test_the_drawer_shows_what_was_added_and_then_the_newest(lines: str, added: str, shown: str) -> None:
    cart = Cart("c", 1, tuple(line(sku) for sku in lines))
    reply = CartReply(view(cart, *map(offer, lines)), len(lines), "", added_sku=added)
    assert "".join(each.sku for each in reply.drawer_lines) == shown
