"""The e-mails about an order state its items, its total and its address, in HTML and in plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.order_emails import OrderEmails, order_email
from shop.checkout.mail.outbox import Email, Outbox
from shop.checkout.model import NEXT, Address, Buyer, Order, Quote, QuoteLine, State, Totals
from shop.database import writing
from shop.money import Money

TOTALS = Totals(subtotal=8700, discount=870, shipping=490, tax=1328, tax_included=True, tax_name="VAT 19%", total=8320)


def line(title: str, quantity: int, price: int, currency: str = "EUR", variant: str = "") -> QuoteLine:
    money = Money(price, currency)
    return QuoteLine(sku=title, handle=title, title=title, variant=variant, quantity=quantity, price=money, unit=money)


QUOTE = Quote(
    cart_id="cart",
    revision=3,
    currency="EUR",
    lines=(line("Tide Mug", 2, 1900, variant="Moss"), line("Plank Board", 1, 4900)),
    coupon="TEN",
    country_code="DE",
    method="standard",
    method_title="Standard shipping",
    totals=TOTALS,
)
ORDER = Order(
    number="K3F90QZX7M2TVB8D",
    secret="its-secret",
    state="placed",
    settled=False,
    created_at=1_800_000_000,
    changed_at=1_800_000_000,
    quote=QUOTE,
    buyer=Buyer(
        email="kim@example.org",
        address=Address(
            name="Kim Lee",
            street_address="1 Quay Street",
            zip_code="12345",
            city="Harbour",
            state="",
            country="Germany",
        ),
        card_brand="Visa",
        card_last4="4242",
        origin="https://shop.example",
    ),
)
EMAILED: tuple[State, ...] = ("failed", "placed", "shipped", "cancelled", "refunded")


def but(order: Order = ORDER, **changes: object) -> Order:
    return msgspec.structs.replace(order, **changes)


def by(**changes: object) -> Buyer:
    return msgspec.structs.replace(ORDER.buyer, **changes)


def with_quote(**changes: object) -> Order:
    return but(quote=msgspec.structs.replace(QUOTE, **changes))


class Text(HTMLParser):
    """The visible text of HTML; checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("img", "script", "link", "style")
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def __str__(self) -> str:
        return " ".join(self.words)


def both(email: Email) -> tuple[str, str]:
    """The text of the HTML part and of the plain part."""
    return str(Text(email.html)), " ".join(email.plain.split())


@pytest.mark.parametrize("kind", EMAILED)
def test_each_email_is_complete_in_both_forms(kind: State) -> None:
    email = order_email(kind, ORDER)
    assert (email.id, email.recipient) == (f"{kind}:K3F90QZX7M2TVB8D", "kim@example.org")
    assert "K3F9-0QZX-7M2T-VB8D" in email.subject
    for words in both(email):
        for said in (
            "K3F9-0QZX-7M2T-VB8D",
            "15 January 2027",
            "2 × Tide Mug, Moss",
            "€38.00",
            "1 × Plank Board",
            "€49.00",
            "€87.00",
            "Discount (TEN)",
            "−€8.70",
            "€4.90",
            "VAT 19%, included",
            "€13.28",
            "€83.20",
            "Visa ending in 4242",
            "Standard shipping",
            "Kim Lee",
            "1 Quay Street",
            "12345 Harbour",
            "Germany",
            "nothing ordered here is delivered",
        ):
            assert said in words
    assert Text(email.html).links == ["https://shop.example/order/K3F90QZX7M2TVB8D?key=its-secret"]
    assert "https://shop.example/order/K3F90QZX7M2TVB8D?key=its-secret\n" in email.plain


def test_emails_about_different_states_differ() -> None:
    emails = [order_email(kind, ORDER) for kind in EMAILED]
    assert len({email.subject for email in emails}) == len({email.plain for email in emails}) == len(EMAILED)
    assert "€83.20 goes back to your Visa ending in 4242" in emails[4].plain
    assert "You pay nothing" in emails[3].plain


def test_a_cancelled_order_states_its_reason_if_known() -> None:
    assert (
        "The payment could not be taken."
        in order_email("cancelled", but(failure="The payment could not be taken.")).plain
    )


def test_empty_parts_are_omitted() -> None:
    free = msgspec.structs.replace(TOTALS, discount=0, shipping=0, tax=0, tax_name="", total=8700)
    email = order_email(
        "placed", but(with_quote(totals=free, coupon=""), buyer=by(card_brand="", card_last4="", origin=""))
    )
    for words in both(email):
        assert "Shipping free" in words.replace(":", "")
        for said in ("Discount", "VAT", "ending in", "Payment", "http"):
            assert said not in words
    assert Text(email.html).links == []
    assert "\n\n\n" not in email.plain


def test_tax_on_top_is_not_called_included() -> None:
    on_top = msgspec.structs.replace(TOTALS, tax_included=False, tax_name="Tax 8%")
    assert "Tax 8%: €13.28" in order_email("placed", with_quote(totals=on_top)).plain


def test_amounts_are_written_as_their_currency_is() -> None:
    yen = msgspec.structs.replace(TOTALS, subtotal=6420, total=6420, discount=0, shipping=0)
    email = order_email("placed", with_quote(currency="JPY", totals=yen, lines=(line("Tide Mug", 2, 3210, "JPY"),)))
    for words in both(email):
        assert "¥6,420" in words


def test_typed_text_is_never_markup() -> None:
    typed = '<b>"Kim"</b> & {{ 7 * 7 }}'
    address = msgspec.structs.replace(ORDER.buyer.address, name=typed)
    order = but(with_quote(lines=(line(typed, 1, 8700),)), buyer=by(address=address))
    email = order_email("placed", order)
    assert "<b>" not in email.html
    for words in both(email):
        assert words.count(typed) == 2
    assert re.search(r"&lt;b&gt;", email.html)
    assert "&lt;" not in email.plain


@pytest.mark.parametrize("kind", EMAILED)
def test_a_gift_note_is_shown_line_by_line_as_text(kind: State) -> None:
    note = "<b>For Kim</b> & co.\n\nSleep well."
    email = order_email(kind, but(buyer=by(gift_note=note)))
    assert f"\nGift note:\n{note}\n" in email.plain
    assert "Gift note</span><br><bdi>&lt;b&gt;For Kim&lt;/b&gt; &amp; co.</bdi><br><bdi></bdi><br>" in email.html
    assert "Gift note <b>For Kim</b> & co. Sleep well." in str(Text(email.html))
    assert "Gift note" not in order_email(kind, ORDER).plain + order_email(kind, ORDER).html


def test_a_gift_note_is_announced_in_the_language_of_the_order() -> None:
    for language, label in (("de", "Geschenknachricht"), ("ar", "رسالة الهدية")):
        email = order_email("placed", but(buyer=by(gift_note="For Kim", language=language)))
        assert f"{label}:\nFor Kim\n" in email.plain
        assert f"{label}</span><br><bdi>For Kim</bdi>" in email.html


async def test_only_some_states_are_announced_by_email(engine: AsyncEngine) -> None:
    outbox = Outbox(engine)
    async with writing(engine) as connection:
        for state in NEXT:
            await OrderEmails(outbox).write(connection, state, ORDER)
            await OrderEmails(outbox).write(connection, state, ORDER)
    assert {kept.email.id.partition(":")[0] for kept in await outbox.latest(99)} == set(EMAILED)
    assert len(await outbox.latest(99)) == len(EMAILED)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url
