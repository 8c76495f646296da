"""A signed quote reads back unchanged, only if we signed it, and differences are reported."""

from __future__ import annotations

import secrets
import zlib
from base64 import urlsafe_b64encode
from urllib.parse import quote_plus

import msgspec
import pytest

from shop.checkout.model import Quote
from shop.checkout.pricing.signed_quote import MAX_AGE, QuoteSigner, differences
from shop.money import Money
from shop.web.http.forms import MAX_BODY
from tests.fixtures.quotes import a_quote, quote_line
from tests.fixtures.shop_app import Clock

SECRET = "a secret of the shop"


def yen(quote: Quote) -> Quote:
    """The same in another currency."""
    lines = tuple(msgspec.structs.replace(line, unit=Money(line.unit.amount * 2, "JPY")) for line in quote.lines)
    return msgspec.structs.replace(quote, currency="JPY", lines=lines)


class TestTokens:
    @pytest.mark.parametrize(
        "quote",
        [a_quote(), a_quote(discount=240, coupon="WELCOME10"), a_quote(country_code=""), yen(a_quote())],
    )
    def test_a_signed_quote_is_verified_without_differences(self, quote: Quote) -> None:
        seen = QuoteSigner(SECRET).verify(QuoteSigner(SECRET).sign(quote))
        assert seen
        assert differences(seen, quote) == ()
        assert (seen.total, seen.wanted, seen.revision) == (quote.total, quote.wanted, quote.revision)

    def test_only_the_same_secret_verifies_it(self) -> None:
        token = QuoteSigner(SECRET).sign(a_quote())
        assert QuoteSigner("another").verify(token) is None
        assert QuoteSigner("").verify(QuoteSigner("").sign(a_quote())) is None, "each draws its own"

    def test_a_tampered_token_is_rejected(self) -> None:
        signer = QuoteSigner(SECRET)
        token = signer.sign(a_quote())
        for at in range(len(token) - 1):
            other = "A" if token[at] != "A" else "B"
            assert signer.verify(f"{token[:at]}{other}{token[at + 1 :]}") is None

    @pytest.mark.parametrize("token", ["", "A", "AAAAA", "ü", "\x00", "=" * 9, "!" * 100, secrets.token_urlsafe(500)])
    def test_malformed_tokens_are_rejected(self, token: str) -> None:
        assert QuoteSigner(SECRET).verify(token) is None

    def test_a_token_expires_after_a_day(self) -> None:
        clock = Clock()
        signer = QuoteSigner(SECRET, clock)
        token = signer.sign(a_quote())
        clock.now += MAX_AGE - 1
        assert signer.verify(token)
        clock.now += 1
        assert signer.verify(token) is None

    def test_a_token_of_another_release_is_rejected(self) -> None:
        signer = QuoteSigner(SECRET)
        packed = zlib.compress(msgspec.msgpack.encode((2**40, {"lines": "of another shape"})))
        token = urlsafe_b64encode(signer._signature_of(packed) + packed).decode()
        assert signer.verify(token) is None

    def test_a_hundred_lines_take_little_of_a_form(self) -> None:
        usual = [
            quote_line(f"Stoneware number {i}", "Moss", unit=1000 + i * 7, handle=f"stoneware-{i}") for i in range(100)
        ]
        longest = [
            quote_line(secrets.token_urlsafe(90), secrets.token_urlsafe(90), sku=secrets.token_urlsafe(48))
            for _ in usual
        ]
        sizes = [len(quote_plus(QuoteSigner(SECRET).sign(a_quote(*lines)))) for lines in (usual, longest)]
        assert sizes[0] < MAX_BODY / 16
        assert sizes[1] < MAX_BODY / 3


class TestDifferences:
    @pytest.mark.parametrize(
        ("now", "words"),
        [
            (
                a_quote(quote_line(unit=2600)),
                ("Tide Mug, Moss: €24.00 before, now €26.00.", "The total was €28.90 and is now €30.90."),
            ),
            (
                a_quote(quote_line(quantity=2)),
                ("Tide Mug, Moss: 1 before, now 2.", "The total was €28.90 and is now €52.90."),
            ),
            (
                a_quote(quote_line(), quote_line("Bowl", "", unit=1000, quantity=2)),
                ("Bowl is new in your order: 2 for €20.00.", "The total was €28.90 and is now €48.90."),
            ),
            (
                a_quote(quote_line("Bowl", "", unit=2400)),
                ("Bowl is new in your order: 1 for €24.00.", "Tide Mug, Moss is no longer part of your order."),
            ),
            (
                a_quote(quote_line("Vase", "", sku="TIDE-MUG-MOSS")),
                ("Tide Mug, Moss is now Vase.",),
            ),
            (
                a_quote(quote_line("Tide Mug", "Black", sku="TIDE-MUG-MOSS")),
                ("Tide Mug, Moss is now Tide Mug, Black.",),
            ),
            (
                a_quote(shipping=0),
                ("Shipping was €4.90 and is now free.", "The total was €28.90 and is now €24.00."),
            ),
            (
                a_quote(method="express", method_title="Express", shipping=1290),
                (
                    "Shipping was Standard (€4.90) and is now Express (€12.90).",
                    "The total was €28.90 and is now €36.90.",
                ),
            ),
            (
                a_quote(country_code="FR"),
                (
                    "The country was Germany and is now France.",
                    "Tax was VAT 19% (contained in the prices) and is now VAT 20% (contained in the prices).",
                ),
            ),
            (
                a_quote(country_code=""),
                (
                    "The country was Germany and is now a country that we do not know.",
                    "Tax was VAT 19% (contained in the prices) and is now none.",
                ),
            ),
            (
                a_quote(country_code="CA"),
                (
                    "The country was Germany and is now Canada.",
                    "Tax was VAT 19% (contained in the prices) and is now GST 5% (on top of the prices).",
                    "The total was €28.90 and is now €30.35.",
                ),
            ),
            (
                a_quote(coupon="WELCOME10", discount=240),
                (
                    "The coupon WELCOME10 applies now.",
                    "The discount was €0.00 and is now €2.40.",
                    "The total was €28.90 and is now €26.50.",
                ),
            ),
            (
                yen(a_quote()),
                ("The prices were in EUR and are now in JPY.", "The total was €28.90 and is now ¥2,890."),
            ),
        ],
    )
    def test_are_reported(self, now: Quote, words: tuple[str, ...]) -> None:
        assert differences(a_quote(), now) == words

    def test_a_lost_coupon_is_reported(self) -> None:
        before = a_quote(coupon="WELCOME10", discount=240)
        assert differences(before, a_quote())[0] == "The coupon WELCOME10 no longer applies."

    def test_another_state_of_the_cart_with_the_same_in_it_is_no_difference(self) -> None:
        assert differences(a_quote(revision=1), a_quote(revision=7, change="ff")) == ()
