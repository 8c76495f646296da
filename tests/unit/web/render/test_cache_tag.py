"""What is kept of a view is what would be rendered of it, in each place for itself."""

from __future__ import annotations

import msgspec
from jinja2 import DictLoader, Environment

from shop.web.render import cache_tag
from shop.web.render.cache_tag import CacheTag


class Card(msgspec.Struct, frozen=True):
    title: str


def environment(**templates: str) -> Environment:
    return Environment(loader=DictLoader(templates), autoescape=True, extensions=[CacheTag])


def test_equal_views_are_rendered_once() -> None:
    seen = []

    def see(title: str) -> str:
        seen.append(title)
        return title

    env = environment(
        page="{% for card in cards %}{% cache card %}<b>{{ see(card.title) }}</b>{% endcache %}{% endfor %}"
    )
    env.globals["see"] = see

    text = env.get_template("page").render(cards=[Card("<a>"), Card("b"), Card("<a>")])

    assert text == "<b>&lt;a&gt;</b><b>b</b><b>&lt;a&gt;</b>"
    assert seen == ["<a>", "b"]


def test_each_place_and_each_view_of_a_tuple_counts() -> None:
    env = environment(
        page="{% cache (card, big) %}{{ card.title }}{{ big }}{% endcache %}\n"
        "{% cache (card, big) %}other{% endcache %}"
    )
    page = env.get_template("page")
    assert page.render(card=Card("a"), big=True) == "aTrue\nother"
    assert page.render(card=Card("a"), big=False) == "aFalse\nother"


def test_the_oldest_piece_goes_first() -> None:
    env = environment(page="{% cache card %}{{ card.title }}{% endcache %}")
    page = env.get_template("page")
    for number in range(cache_tag.MOST + 10):
        assert page.render(card=Card(str(number))) == str(number)
    keep = env.extensions[CacheTag.identifier]
    assert isinstance(keep, CacheTag)
    assert len(keep.pieces) == cache_tag.MOST
    assert page.render(card=Card("0")) == "0"
