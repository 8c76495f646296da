"""What a category of the demo catalogue begins with: a sentence, and a scene in which its products stand."""

from __future__ import annotations

from shop.catalog.model import Query
from shop.i18n import gettext as _
from shop.i18n import noted
from shop.web.catalog.views import LeadView
from shop.web.render.pictures import Pictures

TABLE = ("morning", noted("A table in the morning sun: teapot, bowl, mug on linen, grass in a vase"))
CORNER = ("evening", noted("A corner in the evening: a lit lamp, a folded throw and a candle"))
SHELF = ("shelf", noted("A kitchen shelf with bowls, jars and a board"))
_LEADS = {
    "tableware": (noted("Stoneware and glass for every day, in colours that go with each other."), TABLE),
    "kitchen": (noted("Boards, spoons and pans that get better with use, if you oil them now and then."), SHELF),
    "storage": (noted("Jars, baskets and shelves: a place for what would otherwise lie about."), SHELF),
    "lighting": (noted("Lamps and candlesticks for the hours after sunset."), CORNER),
    "textiles": (noted("Linen and wool to dry with, to sit on and to sleep under."), CORNER),
    "candles-scent": (noted("Candles and soap that you notice when you come home, and not while you eat."), CORNER),
}
"""By a category's slug."""


def category_lead(query: Query, pictures: Pictures) -> LeadView | None:
    """The lead of a category's first page, filtered or not; None for other pages, and for other categories."""
    if query.q or query.categories or query.page != 1 or query.category not in _LEADS:
        return None
    words, (scene, alt) = _LEADS[query.category]
    return LeadView(_(words), pictures.scene(scene, _(alt)))
