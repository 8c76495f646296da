"""Builds the view of the grid: cards, facets with links, sort orders and the pager."""

from __future__ import annotations

import msgspec

from shop.catalog.model import SORTS, Facet, Page, Query, Sort
from shop.catalog.reading.facets import facet_of
from shop.i18n import content, noted
from shop.i18n import gettext as _
from shop.web.catalog.answer_builder import answer
from shop.web.catalog.views import Choice, FacetView, GridView, Pager
from shop.web.render.cards import card
from shop.web.render.paths import listing_fields, listing_path
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.swatches import swatch_of
from shop.web.render.views import Link, Shell

SORT_LABELS: dict[Sort, str] = {
    "featured": noted("Featured"),
    "price-asc": noted("Price, low to high"),
    "price-desc": noted("Price, high to low"),
    "newest": noted("Newest"),
    "name": noted("Name"),
}


def grid_view(shell: Shell, page: Page, prices: Prices, pictures: Pictures, own_currency: str) -> GridView:
    """The view of a page of a listing. Price bands are in the shopper's currency."""
    query, price_currency = page.query, "" if prices.currency == own_currency else prices.currency
    in_currency = msgspec.structs.replace(query, price_in=price_currency)
    return GridView(
        shell=shell,
        front=query == Query(),
        heading=heading(query, page.facets),
        total=page.total,
        at_least=page.at_least,
        cards=tuple(card(listing, prices, pictures) for listing in page.listings),
        facets=tuple(_facet(facet, in_currency, prices.currency) for facet in page.facets),
        chosen=_chosen(query, page.facets, prices.currency),
        sorts=tuple(_sort(sort, query) for sort in SORTS),
        pager=_pager(query, page.pages),
        category=query.category,
        reset_url="/",
        price_currency=price_currency,
        others=listing_fields(_first_page(query, min_price=None, max_price=None, price_in="")),
        expanded=query.expanded,
        answer=answer(page, prices, pictures),
    )


def heading(query: Query, facets: tuple[Facet, ...]) -> str:
    """The heading of a listing."""
    category = _category_title(query, facets)
    if query.q:
        if category:
            return _("Results for “{q}” in {category}", q=query.q, category=category)
        return _("Results for “{q}”", q=query.q)
    return category or _("All products")


def _first_page(query: Query, **changes: object) -> Query:
    return msgspec.structs.replace(query, page=1, **changes)


def _facet(facet: Facet, query: Query, currency: str) -> FacetView:
    definition = facet_of(facet.name)
    choices = tuple(
        Choice(
            label=definition.value_label(value, currency),
            url=listing_path(definition.toggled(query, value)),
            count=value.count,
            selected=value.selected,
            name=definition.parameter,
            value=value.value,
            swatch=swatch_of(facet.name, value.value),
        )
        for value in facet.values
    )
    return FacetView(
        facet.name,
        definition.title(),
        choices,
        multiple=not definition.single_choice,
        more=facet.more,
        bounds=_bounds(query) if facet.name == "price" else None,
        all_url=listing_path(msgspec.structs.replace(query, expanded=facet.name)),
        at_least=facet.at_least,
    )


def _bounds(query: Query) -> tuple[str, str]:
    low, high = ("" if bound is None else str(bound) for bound in (query.min_price, query.max_price))
    return low, high


def _chosen(query: Query, facets: tuple[Facet, ...], currency: str) -> tuple[Link, ...]:
    text = [Link(_("“{q}”", q=query.q), listing_path(_first_page(query, q="")))] if query.q else []
    return (
        *text,
        *(
            Link(definition.value_label(value, currency), listing_path(definition.toggled(query, value)))
            for facet in facets
            for definition in (facet_of(facet.name),)
            for value in facet.values
            if value.selected
        ),
    )


def _sort(sort: Sort, query: Query) -> Choice:
    url = listing_path(_first_page(query, sort=sort))
    return Choice(_(SORT_LABELS[sort]), url, 0, sort == query.sort, "sort", sort)


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
    chosen = {query.category, *query.categories}
    return ", ".join(content(value.label) for value in values if value.value in chosen) or query.category
