"""Builds the grid's view: cards, facets with their links, sorting and pages."""

from __future__ import annotations

import msgspec

from shop.catalog.model import SORTS, Facet, FacetValue, Page, Query, Sort
from shop.catalog.reading.facets import BUILT_IN
from shop.i18n import content, noted
from shop.i18n import gettext as _
from shop.money import format_whole
from shop.web.catalog.swatches import swatch_of
from shop.web.catalog.views import Choice, FacetView, GridView, Pager
from shop.web.render.cards import card
from shop.web.render.paths import facet_field, listing_path, price_range
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.views import Link, Shell

SORT_WORDS: dict[Sort, str] = {
    "featured": noted("Featured"),
    "price-asc": noted("Price, low to high"),
    "price-desc": noted("Price, high to low"),
    "newest": noted("Newest"),
    "name": noted("Name"),
}
ONE_OF = ("category", "price", "in_stock")
"""Facets of which one value is chosen at a time; of an option's values several may be."""


def grid_view(shell: Shell, page: Page, prices: Prices, pictures: Pictures, own_currency: str) -> GridView:
    """A page of a listing; price bounds are in the catalogue's own currency, whatever the shopper's is."""
    query = page.query
    return GridView(
        shell=shell,
        front=query == Query(),
        heading=heading(query, page.facets),
        total=page.total,
        more=page.more,
        cards=tuple(card(listing, prices, pictures) for listing in page.listings),
        facets=tuple(_facet(facet, query, own_currency) for facet in page.facets),
        chosen=_chosen(query, page.facets, own_currency),
        sorts=tuple(_sort(sort, query) for sort in SORTS),
        pager=_pager(query, page.pages),
        category=query.category,
        reset_url="/",
    )


def heading(query: Query, facets: tuple[Facet, ...]) -> str:
    """What the listing is of, in words."""
    category = _category_title(query, facets)
    if query.q:
        if category:
            return _("Results for “{q}” in {category}", q=query.q, category=category)
        return _("Results for “{q}”", q=query.q)
    return category or _("All products")


def toggled(query: Query, facet: str, value: FacetValue) -> Query:
    """The first page of the listing with a facet's value chosen, or taken away where it is."""
    on = not value.selected
    match facet:
        case "category":
            return _first_page(query, category=value.value if on else "")
        case "in_stock":
            return _first_page(query, in_stock=on)
        case "price":
            low, high = price_range(value.value) if on else (None, None)
            return _first_page(query, min_price=low, max_price=high)
        case _:
            pair = (facet, value.value)
            options = {*query.options, pair} if on else {*query.options} - {pair}
            return _first_page(query, options=tuple(sorted(options)))


def _first_page(query: Query, **changes: object) -> Query:
    return msgspec.structs.replace(query, page=1, **changes)


def _facet(facet: Facet, query: Query, own_currency: str) -> FacetView:
    choices = tuple(
        Choice(
            label=_label(facet, value, own_currency),
            url=listing_path(toggled(query, facet.name, value)),
            count=value.count,
            selected=value.selected,
            name=facet_field(facet.name),
            value=value.value,
            swatch=swatch_of(facet.name, value.value),
        )
        for value in facet.values
    )
    label = _(facet.label) if facet.name in BUILT_IN else content(facet.label)
    return FacetView(facet.name, label, choices, multiple=facet.name not in ONE_OF)


def _label(facet: Facet, value: FacetValue, currency: str) -> str:
    if facet.name == "in_stock":
        return _(value.label)
    if facet.name != "price":
        return content(value.label)
    bounds = price_range(value.value)
    low, high = (None if bound is None else format_whole(bound, currency) for bound in bounds)
    if low and high:
        return _("{low} to {high}", low=low, high=high)
    return _("{low} and more", low=low) if low else _("Up to {high}", high=high)


def _chosen(query: Query, facets: tuple[Facet, ...], own_currency: str) -> tuple[Link, ...]:
    text = [Link(_("“{q}”", q=query.q), listing_path(_first_page(query, q="")))] if query.q else []
    return (
        *text,
        *(
            Link(_label(facet, value, own_currency), listing_path(toggled(query, facet.name, value)))
            for facet in facets
            for value in facet.values
            if value.selected
        ),
    )


def _sort(sort: Sort, query: Query) -> Choice:
    url = listing_path(_first_page(query, sort=sort))
    return Choice(_(SORT_WORDS[sort]), url, 0, sort == query.sort, "sort", sort)


def _pager(query: Query, pages: int) -> Pager:
    def url(page: int) -> str:
        return listing_path(msgspec.structs.replace(query, page=page)) if 1 <= page <= pages else ""

    page = min(query.page, pages)
    shown = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    links: list[Link | None] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before == 2:
            links.append(Link(str(number - 1), url(number - 1)))
        elif number - before > 2:
            links.append(None)
        links.append(Link(str(number), url(number), number == page))
    return Pager(page, pages, url(page - 1), url(page + 1), tuple(links))


def _category_title(query: Query, facets: tuple[Facet, ...]) -> str:
    values = (value for facet in facets if facet.name == "category" for value in facet.values)
    return next((content(value.label) for value in values if value.value == query.category), query.category)
