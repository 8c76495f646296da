"""`shop coupons`: adding, listing and ending coupons, and its errors."""

from __future__ import annotations

from functools import partial

import pytest

from tests.fixtures.commands import ShopCommand


@pytest.fixture
def shop_coupons(shop_command: ShopCommand) -> ShopCommand:
    """Runs `shop coupons …`."""
    return partial(shop_command, "coupons")


def test_a_coupon_is_added_listed_and_ended(shop_coupons: ShopCommand) -> None:
    options = ("--amount", "5", "--minimum", "30", "--from", "2027-03-01", "--until", "2027-03-31", "--uses", "2000")
    conditions = "orders of €30.00 or more, once per shopper"
    said = f"SPRING-5: €5.00 off; conditions: {conditions}; from 1 March 2027 until 31 March 2027.\n"
    assert shop_coupons("add", "spring-5", *options, "--per-shopper", "1") == (0, said, "")
    assert shop_coupons("add", "half", "--percent", "12.5", "--free-shipping")[1] == (
        "HALF: 12.5% off and free shipping; conditions: none; any day.\n"
    )
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in shop_coupons("list")[1].splitlines()]
    assert ["HALF", "12.5% off and free shipping", "none", "any day", "0"] in rows
    spring = ["€5.00 off", conditions, "from 1 March 2027 until 31 March 2027", "0 of 2,000"]
    assert ["SPRING-5", *spring] in rows
    assert shop_coupons("end", "half") == (
        0,
        "HALF has ended. A running shop stops accepting it within 2 seconds.\n",
        "",
    )
    assert "until" in next(line for line in shop_coupons("list")[1].splitlines() if "HALF" in line)


def test_a_rule_is_told_in_words(shop_coupons: ShopCommand) -> None:
    options = ("--percent", "100", "--buy", "2", "--get", "1", "--category", "Mugs", "--product", "bowl")
    assert shop_coupons("add", "mugs", *options, "--automatic", "--title", "3 for 2")[1] == (
        "MUGS: 100% off 1 of each 3; conditions: only bowl, Mugs, without a code, as “3 for 2”; any day.\n"
    )
    assert shop_coupons("add", "first", "--percent", "5", "--first-order")[1] == (
        "FIRST: 5% off; conditions: first orders; any day.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("add", "x y", "--percent", "5"), 1, "shop: 'x y' cannot be a coupon code: use at most 32 letters"),
        (("add", "x"), 1, "shop: Not added: a coupon gives a percentage or an amount, or free shipping"),
        (("add", "x", "--percent", "5", "--amount", "5"), 1, "shop: Not added: a coupon gives a percentage or"),
        (("add", "x", "--percent", "101"), 1, "shop: A percentage is at most 100"),
        (("add", "x", "--percent", "1.234"), 1, "shop: A percentage is at most 100 and has at most two decimals."),
        (("add", "x", "--percent", "1e400"), 1, "shop: A percentage is at most 100"),
        (("add", "x", "--percent", "5", "--until", "9999-12-31"), 1, "shop: The days of a coupon are in the years"),
        (("add", "x", "--percent", "5", "--from", "0001-01-01"), 1, "shop: The days of a coupon are in the years"),
        (("add", "x", "--amount", "1e400"), 1, "shop: An amount is less than 10,000,000,000 EUR."),
        (("add", "x", "--amount", "10000000000"), 1, "shop: An amount is less than 10,000,000,000 EUR."),
        (("add", "x", "--amount", "1.999"), 1, "shop: 1.999 has more decimals than EUR, which has 2."),
        (("add", "x", "--amount", "1e-400"), 1, "shop: 1E-400 has more decimals than EUR, which has 2."),
        (("add", "x", "--percent", "5", "--minimum", "1e99"), 1, "shop: An amount is less than"),
        (("add", "x", "--percent", "5", "--uses", "2147483648"), 2, "2147483648 is not in the range"),
        (("add", "x", "--percent", "5", "--per-shopper", "1e9"), 2, "'1e9' is not a valid integer range"),
        (
            ("add", "x", "--percent", "5", "--from", "2027-02-02", "--until", "2027-02-01"),
            1,
            "shop: A coupon cannot end",
        ),
        (("add", "x", "--percent", "NaN"), 2, "'NaN' is not a number greater than 0."),
        (("add", "x", "--amount", "-5"), 2, "'-5' is not a number greater than 0."),
        (("add", "x", "--percent", "5", "--buy", "2"), 1, "shop: Not added: a coupon that reduces some of several"),
        (("add", "x", "--amount", "5", "--buy", "2", "--get", "1"), 1, "how many of them, and a percentage"),
        (("add", "x", "--percent", "5", "--buy", "0", "--get", "1"), 2, "0 is not in the range 1<=x<=1000"),
        (("add", "x", "--percent", "5", "--automatic"), 1, "shop: Not added: an automatic coupon has a title"),
        (("add", "x", "--percent", "5", "--automatic", "--title", "T", "--uses", "5"), 1, "cannot be limited"),
        (("add", "x", "--percent", "5", "--automatic", "--title", "T" * 81), 1, "at most 80 characters"),
        (("end", "nope"), 1, "shop: There is no coupon 'nope'."),
        (("end", "n o"), 1, "shop: There is no coupon 'n o'."),
    ],
)
def test_what_cannot_be_done_is_told(
    shop_coupons: ShopCommand, arguments: tuple[str, ...], status: int, words: str
) -> None:
    ended, out, err = shop_coupons(*arguments)
    assert (ended, out) == (status, "")
    assert words in err


def test_a_code_is_given_out_once(shop_coupons: ShopCommand) -> None:
    shop_coupons("add", "once", "--percent", "5")
    status, _, err = shop_coupons("add", "ONCE", "--percent", "50")
    assert (status, err) == (
        1,
        "shop: The coupon ONCE exists already. Choose another code: orders may be using that one.\n",
    )
