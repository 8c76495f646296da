"""What is kept of a view is what would be rendered of it, in each place for itself."""

from __future__ import annotations

import msgspec
from jinja2 import DictLoader, Environment

from shop.web.render import cache_tag as keeping
from shop.web.render.cache_tag import Keep


class Card(msgspec.Struct, frozen=True):
    title: str


def environment(**templates: str) -> Environment:
    return Environment(loader=DictLoader(templates), autoescape=True, extensions=[Keep])


def test_equal_views_are_rendered_once() -> None:
    seen = []

    def see(title: str) -> str:
        seen.append(title)
        return title

    env = environment(
        page="{% for card in cards %}{% keep card %}<b>{{ see(card.title) }}</b>{% endkeep %}{% endfor %}"
    )
    env.globals["see"] = see

    text = env.get_template("page").render(cards=[Card("<a>"), Card("b"), Card("<a>")])

    assert text == "<b>&lt;a&gt;</b><b>b</b><b>&lt;a&gt;</b>"
    assert seen == ["<a>", "b"]


def test_each_place_and_each_view_of_a_tuple_counts() -> None:
    env = environment(
        page="{% keep (card, big) %}{{ card.title }}{{ big }}{% endkeep %}\n{% keep (card, big) %}other{% endkeep %}"
    )
    page = env.get_template("page")
    assert page.render(card=Card("a"), big=True) == "aTrue\nother"
    assert page.render(card=Card("a"), big=False) == "aFalse\nother"


def test_the_oldest_piece_goes_first() -> None:
    env = environment(page="{% keep card %}{{ card.title }}{% endkeep %}")
    page = env.get_template("page")
    for number in range(keeping.MOST + 10):
        assert page.render(card=Card(str(number))) == str(number)
    keep = env.extensions[Keep.identifier]
    assert isinstance(keep, Keep)
    assert len(keep.pieces) == keeping.MOST
    assert page.render(card=Card("0")) == "0"
