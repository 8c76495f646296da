"""The facets of the catalogue. Each is one object that knows its URL, its labels, its test and its SQL.

Everything else loops over them: parsing and writing a listing's URL, filtering and counting in memory, the SQL for a
large catalogue, the tokens of the search index, and the filter form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import ClassVar

import msgspec
from sqlalchemy import ColumnElement, or_, select

from shop.catalog.model import FacetValue, Query
from shop.catalog.reading.facet_definition import (
    MAX_LENGTH,
    FacetDefinition,
    Parameters,
    ProductFacet,
    Test,
    TraitFacet,
    Values,
    VariantFacet,
    VariantFilter,
    Variants,
)
from shop.catalog.reading.parameters import MAX_PRICE, one_line, price_range, whole_number
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.sizes import in_order_of_size
from shop.catalog.reading.traits import Traits
from shop.catalog.schema import listings, variants
from shop.catalog.text import category_token, token
from shop.i18n import content, noted
from shop.i18n import gettext as _
from shop.money import format_whole

OPTION = "option."
"""Prefix of an option's name in a URL."""


class CategoryFacet(TraitFacet, frozen=True):
    """The categories of a product, by slug. `listings` has a row for each, and one in '' for all products."""

    in_search_index: ClassVar[bool] = False

    def of(self, traits: Traits) -> Values:
        """See TraitFacet."""
        return traits.categories

    def token(self, value: str) -> str:
        """See TraitFacet."""
        return category_token(value)

    def selected(self, query: Query) -> tuple[str, ...]:
        """See FacetDefinition."""
        return (query.category, *query.categories) if query.category else ()

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """See FacetDefinition."""
        first, *others = dict.fromkeys(filter(None, values)) or ("",)
        return msgspec.structs.replace(query, category=first, categories=tuple(others))

    def conditions(self, query: Query, scale: PriceScale) -> list[ColumnElement[bool]]:
        """See FacetDefinition."""
        if not query.categories:
            return [listings.c.category == query.category]
        of_any = listings.alias()
        chosen = select(of_any.c.product_id).where(of_any.c.category.in_(self.selected(query)))
        return [listings.c.category == "", listings.c.product_id.in_(chosen)]


class PriceFacet(ProductFacet, frozen=True):
    """The lowest price, in bands of '10-20': major units of the shown currency, both ends inclusive."""

    def values(self, traits: Traits, price: int, scale: PriceScale) -> Values:
        """See ProductFacet."""
        return [(band, band) for band in scale.bands(price)]

    def test(self, query: Query, scale: PriceScale) -> Test:
        """See ProductFacet."""
        low, high = scale.bounds(query.min_price, query.max_price, query.price_in)
        return lambda _traits, price: (low is None or price >= low) and (high is None or price <= high)

    def conditions(self, query: Query, scale: PriceScale) -> list[ColumnElement[bool]]:
        """See FacetDefinition."""
        low, high = scale.bounds(query.min_price, query.max_price, query.price_in)
        lowest = [] if low is None else [listings.c.price >= low]
        return lowest if high is None else [*lowest, listings.c.price <= high]

    def value_label(self, value: FacetValue, currency: str) -> str:
        """See FacetDefinition."""
        bounds = price_range(value.value)
        low, high = (None if bound is None else format_whole(bound, currency) for bound in bounds)
        if low and high:
            return _("{low} to {high}", low=low, high=high)
        return _("{low} and more", low=low) if low else _("Up to {high}", high=high)

    def sorted_values(self, values: list[FacetValue]) -> list[FacetValue]:
        """See FacetDefinition."""
        return sorted(values, key=lambda value: [int(edge or 0) for edge in value.value.split("-")])

    def read(self, query: Query, parameters: Parameters) -> Query:
        """Reads a band (from the form), or the shopper's own bounds."""
        low, high = price_range(_first(parameters, "price"))
        low = low if low is not None else whole_number(_first(parameters, "min_price"), MAX_PRICE)
        high = high if high is not None else whole_number(_first(parameters, "max_price"), MAX_PRICE)
        return self._between(query, low, high, one_line(_first(parameters, "price_in"), 3))

    def write(self, query: Query) -> list[tuple[str, str]]:
        """See FacetDefinition."""
        bounds = (("min_price", query.min_price), ("max_price", query.max_price))
        written = [(name, str(bound)) for name, bound in bounds if bound is not None]
        return [*written, ("price_in", query.price_in)] if written else []

    def selected(self, query: Query) -> tuple[str, ...]:
        """See FacetDefinition."""
        low, high = ("" if bound is None else str(bound) for bound in (query.min_price, query.max_price))
        return (f"{low}-{high}",) if low or high else ()

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """See FacetDefinition."""
        low, high = price_range(values[0]) if values else (None, None)
        return self._between(query, low, high, query.price_in)

    def _between(self, query: Query, low: int | None, high: int | None, currency: str) -> Query:
        bounded = low is not None or high is not None
        return msgspec.structs.replace(query, min_price=low, max_price=high, price_in=currency if bounded else "")


class OptionFacet(VariantFacet, frozen=True):
    """An option of products. Several values are alternatives. Query.options has the pairs of all options."""

    in_search_index: ClassVar[bool] = True

    @property
    def parameter(self) -> str:
        """See FacetDefinition."""
        return OPTION + self.name

    def title(self) -> str:
        """See FacetDefinition."""
        return content(self.label)

    def selected(self, query: Query) -> tuple[str, ...]:
        """See FacetDefinition."""
        return tuple([value for name, value in query.options if name == self.name])

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """See FacetDefinition."""
        others = (option for option in query.options if option[0] != self.name)
        options = {*others, *((self.name, value) for value in values)}
        return msgspec.structs.replace(query, options=tuple(sorted(options)))

    def values(self, traits: Traits, variants: Variants) -> Values:
        """See VariantFacet."""
        at = traits.options.index(self.name)
        return [(value, value) for value in dict.fromkeys([options[at] for _available, options in variants])]

    def sorted_values(self, values: list[FacetValue]) -> list[FacetValue]:
        """See FacetDefinition. Sizes are in order of size."""
        by_value = {value.value: value for value in values}
        return [by_value[value] for value in in_order_of_size(list(by_value))]

    def variant_filter(self, query: Query) -> VariantFilter:
        """See VariantFacet."""
        name, chosen = self.name, frozenset(self.selected(query))

        def narrowed(traits: Traits, variants: Variants) -> Variants:
            if name not in traits.options:
                return ()
            at = traits.options.index(name)
            return [variant for variant in variants if variant[1][at] in chosen]

        return narrowed

    def token(self, value: str) -> str:
        """The token of a value, in the search index and in the tokens of a variant."""
        return token(self.name, value)

    def tokens(self, query: Query) -> list[str]:
        """See FacetDefinition."""
        return [self.token(value) for value in self.selected(query)]

    def variant_condition(self, query: Query) -> ColumnElement[bool]:
        """See VariantFacet."""
        return or_(*(variants.c.tokens.contains(token) for token in self.tokens(query)))


class StockFacet(VariantFacet, frozen=True):
    """Whether a variant can be bought."""

    listed: ClassVar[ColumnElement[bool] | None] = listings.c.in_stock

    def value_label(self, value: FacetValue, currency: str) -> str:
        """See FacetDefinition."""
        return _(value.label)

    def parse(self, text: str) -> str:
        """See FacetDefinition."""
        return "1" if text in ("1", "on", "true") else ""

    def selected(self, query: Query) -> tuple[str, ...]:
        """See FacetDefinition."""
        return ("1",) if query.in_stock else ()

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """See FacetDefinition."""
        return msgspec.structs.replace(query, in_stock="1" in values)

    def values(self, traits: Traits, variants: Variants) -> Values:
        """See VariantFacet."""
        return [("1", noted("In stock"))] if any(available for available, _options in variants) else []

    def variant_filter(self, query: Query) -> VariantFilter:
        """See VariantFacet."""
        return lambda _traits, variants: [variant for variant in variants if variant[0]]

    def variant_condition(self, query: Query) -> ColumnElement[bool]:
        """See VariantFacet."""
        return or_(variants.c.stock.is_(None), variants.c.stock > 0)


FACETS: tuple[FacetDefinition, ...] = (
    CategoryFacet("category", noted("Category"), single_choice=False),
    PriceFacet("price", noted("Price"), bounded=False),
    StockFacet("in_stock", noted("Availability")),
)
"""The facets of every catalogue, in the order of pages and URLs; options follow the first.

Stock must remain the last: its choice appears and disappears with the stock, and gets the last position then.
"""
BUILT_IN = {facet.name: facet for facet in FACETS}
"""By name. An option with one of these names is no facet."""


@lru_cache(maxsize=4096)
def option_facet(name: str) -> OptionFacet:
    """The facet of an option."""
    return OptionFacet(name, name, single_choice=False)


def facet_of(name: str) -> FacetDefinition:
    """The facet of a name in counts: a built-in one, or that of an option."""
    return BUILT_IN.get(name) or option_facet(name)


def in_order(options: Iterable[str]) -> tuple[FacetDefinition, ...]:
    """All built-in facets and the facets of these options, in the order of pages and URLs."""
    first, *others = BUILT_IN.values()
    return (first, *map(option_facet, options), *others)


def facets_of(query: Query) -> tuple[FacetDefinition, ...]:
    """All built-in facets and the facets of the options chosen in a query."""
    return _facets_of(query.options)


@lru_cache(maxsize=4096)
def _facets_of(options: tuple[tuple[str, str], ...]) -> tuple[FacetDefinition, ...]:
    return in_order(dict.fromkeys(name for name, _value in options))


def read_facets(query: Query, pairs: Iterable[tuple[str, str]]) -> Query:
    """The query with the values of all facets from URL parameters."""
    parameters: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.startswith(OPTION):
            name = OPTION + one_line(name.removeprefix(OPTION), MAX_LENGTH)
        parameters.setdefault(name, []).append(value)
    for facet in in_order(name.removeprefix(OPTION) for name in parameters if name.startswith(OPTION)):
        query = facet.read(query, parameters)
    return query


def index_tokens(traits: Traits) -> list[str]:
    """The index tokens of a product: those of all its choices."""
    found: dict[str, None] = {}
    for facet in in_order(traits.options):
        if isinstance(facet, TraitFacet):
            found |= dict.fromkeys(facet.token(value) for value, _label in facet.of(traits))
        elif isinstance(facet, OptionFacet):
            found |= dict.fromkeys(facet.token(value) for value, _label in facet.values(traits, traits.variants))
    return list(found)


def _first(parameters: Parameters, name: str) -> str:
    return next(iter(parameters.get(name, ())), "")
