"""The parts of History that only the load test uses; tests/chaos/test_checker.py tests the rest."""

from __future__ import annotations

from shop.loadtest.shoppers.history import History, lines_on


def test_a_refused_change_must_not_be_shown() -> None:
    history = History()
    history.sends({"mug": 1})
    history.is_answered()
    history.sends({"mug": 2})
    history.is_refused()
    since = history.begins_to_read()
    history.shows({"mug": 1}, since, "GET /cart")
    assert not history.verdict.words
    history.shows({"mug": 2}, since, "GET /cart")
    assert len(history.verdict.vanished) == 1


def test_a_sku_of_any_characters_is_read() -> None:
    field = b'id="/cart/lines/%252Fa%2520b%252Ec" type="number" name="quantity" value="3"'
    assert lines_on(field) == {"/a b.c": 3}
