"""Builds what a page says about a search: what was meant, help about it, and what else there is."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from shop.catalog.analysis.analyzer import Analyzer, analyzer
from shop.catalog.model import Page
from shop.catalog.text import search_words
from shop.i18n import gettext as _
from shop.i18n import pgettext, speaking, spoken
from shop.languages import language_of
from shop.web.catalog.views import Answer
from shop.web.render.cards import card
from shop.web.render.paths import listing_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.views import Link

MIN_BEGINNING = 3
"""Letters of a word that may not be typed completely yet."""


def answer(page: Page, prices: Prices, pictures: Pictures) -> Answer:
    """What there is to say about the results of a query."""
    query = page.query
    meant = msgspec.structs.replace(query, q=page.corrected, page=1)
    return Answer(
        meant=Link(page.corrected, listing_path(meant)) if page.corrected else None,
        partial=page.partial,
        topics=tuple(topics(query.q)) if query.q else (),
        popular=tuple(card(listing, prices, pictures) for listing in page.popular),
    )


def topics(q: str) -> list[Link]:
    """The parts of the help page about all meaningful words of a search."""
    analysis = analyzer(spoken().code)
    words = analysis.meaningful(search_words(q))
    return [link for link, known in _keywords(analysis.code) if words and _about(words, known, analysis)]


def _about(words: list[str], known: frozenset[str], analysis: Analyzer) -> bool:
    *complete, last = words
    begins = len(last) >= MIN_BEGINNING and any(word.startswith(last) for word in known)
    return all(analysis.stem(word) in known for word in complete) and (begins or analysis.stem(last) in known)


@lru_cache(maxsize=64)
def _keywords(code: str) -> tuple[tuple[Link, frozenset[str]], ...]:
    """The parts of the help page in a language, with the words and stems by which they are found."""
    stem = analyzer(code).stem
    with speaking(language_of(code)):
        listed = _topics()
    words = [(link, search_words(f"{link.label} {keywords}")) for link, keywords in listed]
    return tuple((link, frozenset((*found, *map(stem, found)))) for link, found in words)


def _topics() -> list[tuple[Link, str]]:
    """Links to the parts of the help page, and further words by which people search for them."""
    return [
        (
            Link(_("Delivery and returns"), "/help#delivery"),
            pgettext(
                "search",
                "shipping postage ship send deliver track parcel package return refund exchange complaint guarantee "
                "warranty withdrawal policy cost costs free time days international",
            ),
        ),
        (
            Link(_("Ordering and payment"), "/help#payment"),
            pgettext(
                "search",
                "order orders pay paying payments card cards credit debit invoice receipt bank checkout cancel status",
            ),
        ),
        (
            Link(_("Prices and stock"), "/help#prices"),
            pgettext(
                "search", "price currency coupon coupons voucher vouchers discount code sale availability sold out"
            ),
        ),
        (
            Link(_("Your cart"), "/help#cart"),
            pgettext("search", "cart basket bag undo save later phone device lost"),
        ),
        (
            Link(_("Cookies and privacy"), "/help#privacy"),
            pgettext("search", "cookie privacy data protection personal gdpr tracking"),
        ),
        (Link(_("Help"), "/help"), pgettext("search", "contact support service faq questions question")),
        (Link(_("About Neap"), "/about"), pgettext("search", "company shop imprint story who brand")),
    ]
