"""The cache tag: a cached fragment equals a rendered one, separately for each position in the templates."""

from __future__ import annotations

import msgspec
from jinja2 import DictLoader, Environment

from shop.web.render.templating import cache_tag
from shop.web.render.templating.cache_tag import CacheTag


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


def test_the_key_has_the_position_and_every_view_of_a_tuple() -> None:
    env = environment(
        page="{% cache (card, big) %}{{ card.title }}{{ big }}{% endcache %}\n"
        "{% cache (card, big) %}other{% endcache %}"
    )
    page = env.get_template("page")
    assert page.render(card=Card("a"), big=True) == "aTrue\nother"
    assert page.render(card=Card("a"), big=False) == "aFalse\nother"


def test_the_oldest_fragment_is_evicted_first() -> None:
    env = environment(page="{% cache card %}{{ card.title }}{% endcache %}")
    page = env.get_template("page")
    for number in range(cache_tag.MAX_FRAGMENTS + 10):
        assert page.render(card=Card(str(number))) == str(number)
    cache = env.extensions[CacheTag.identifier]
    assert isinstance(cache, CacheTag)
    assert len(cache.fragments) == cache_tag.MAX_FRAGMENTS
    assert page.render(card=Card("0")) == "0"
