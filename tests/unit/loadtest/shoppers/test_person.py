from __future__ import annotations

import random
from datetime import UTC, datetime

from shop.checkout.payments.card import read_card
from shop.loadtest.shoppers.person import order_form, visa


def test_cards_pass_the_check_of_the_shop() -> None:
    chance = random.Random(1)
    for _ in range(200):
        form = order_form("a@example.com", chance)
        month, year = form["credit_card_expiration_month"], form["credit_card_expiration_year"]
        number, cvv = form["credit_card_number"], form["credit_card_cvv"]
        card = read_card(number, month, year, cvv, datetime.now(UTC).date())
        assert card.number.startswith("4")


def test_numbers_differ() -> None:
    chance = random.Random(1)
    assert len({visa(chance) for _ in range(100)}) == 100
