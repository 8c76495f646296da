"""SQL that counts the choices of every facet of a large listing, with all other choices applied.

It gives the counts that `counts` gives in memory; tests compare the two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
)

from shop.catalog.model import Query
from shop.catalog.reading.facet_definition import FacetDefinition, VariantFacet
from shop.catalog.reading.facets import BUILT_IN, CategoryFacet, OptionFacet, PriceFacet, facets_of
from shop.catalog.reading.paging import listing_conditions, product_ids
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.schema import listings, products, variants

Conditions = Sequence[ColumnElement[bool]]


class FacetCounts:
    """The counts of a query with prices on a scale. `matched` is the condition of its text."""

    def __init__(self, query: Query, scale: PriceScale, dialect: str, matched: Conditions) -> None:
        self._query = query
        self._scale = scale
        self._dialect = dialect
        self._matched = matched
        self._active = {facet.name: facet for facet in facets_of(query) if facet.selected(query)}

    def statements(self, known: Mapping[str, Iterable[str]]) -> Iterator[Select[Any, Any, Any]]:
        """Statements that select (facet, value, count), the values in the order of their first product.

        `known` has the values of the built-in facets; those of a few are counted one by one.
        """
        yield self._categories(self._without("category"))
        for name, facet in BUILT_IN.items():
            if isinstance(facet, PriceFacet):
                yield self.prices()
            elif not isinstance(facet, CategoryFacet):
                yield from (self._one(facet, value) for value in known.get(name, ()))
        chosen = [facet for facet in self._active.values() if isinstance(facet, OptionFacet)]
        yield self._options(self._query, lambda name: name.not_in([facet.name for facet in chosen]))
        for facet in chosen:
            yield self._options(facet.choose(self._query, ()), partial(operator.eq, facet.name))

    def _without(self, name: str) -> Query:
        """The query without the choice in a facet."""
        return BUILT_IN[name].choose(self._query, ())

    def _products(self, query: Query) -> Select[Any]:
        return product_ids([*listing_conditions(query, self._scale), *self._matched])

    def _categories(self, query: Query) -> Select[Any, Any, Any]:
        every = listings.alias()
        rows = select(literal_column("'category'"), every.c.category, func.count())
        where = (every.c.category != "", every.c.product_id.in_(self._products(query)))
        return rows.where(*where).group_by(every.c.category).order_by(func.min(every.c.rank), every.c.category)

    def prices(self) -> Select[Any, Any, Any]:
        """Selects ('price', place, count); see `bands_at`."""
        found = self._products(self._without("price")).add_columns(listings.c.price).subquery()
        place = _place(found.c.price, self._scale).label("place")
        return select(literal_column("'price'"), place, func.count()).select_from(found).group_by(place)

    def _one(self, facet: FacetDefinition, value: str) -> Select[Any, Any, Any]:
        found = self._products(facet.choose(self._query, (value,))).subquery()
        return select(literal(facet.name, Text), literal(value, Text), func.count()).select_from(found)

    def _options(self, query: Query, named: Callable[[ColumnElement[str]], Any]) -> Select[Any, Any, Any]:
        """Counts products by the values of their variants that pass the variant facets of the query.

        `named` is the condition on an option's name.
        """
        names, values = self._elements(products.c.options), self._elements(variants.c.options)
        of_variant = [facet for facet in facets_of(query) if isinstance(facet, VariantFacet) and facet.selected(query)]
        found = self._products(query).add_columns(listings.c.rank).subquery()
        first = func.min(cast(found.c.rank, BigInteger) * _MANY + variants.c.position)
        rows = (
            select(names.c.value, values.c.value, func.count(variants.c.product_id.distinct()))
            .select_from(found)
            .join(products, products.c.id == found.c.product_id)
            .join(variants, variants.c.product_id == found.c.product_id)
            .join(names, literal(True))
            .join(values, values.c.key == names.c.key)
        )
        conditions = [facet.variant_condition(query) for facet in of_variant]
        return rows.where(named(names.c.value), *conditions).group_by(names.c.value, values.c.value).order_by(first)

    def _elements(self, array: ColumnElement[str]) -> Any:
        """The elements of a JSON array as a table of (key, value), beside each row."""
        if self._dialect == "sqlite":
            return func.json_each(array).table_valued("key", column("value", Text))
        elements = func.json_array_elements_text(cast(array, JSON))
        return elements.table_valued(column("value", Text), with_ordinality="key").render_derived().lateral()


_MANY = 100_000
"""More than the variants of a product."""


def _place(price: ColumnElement[int], scale: PriceScale) -> ColumnElement[int]:
    """Where a price is among the edges of price bands: 2n at the edge n, 2n + 1 between it and the next."""
    whens: list[tuple[ColumnElement[bool], int]] = []
    for at, (edge, above) in enumerate(scale.edges()):
        whens += [(price < edge, 2 * at - 1), (price < above, 2 * at)]
    return case(*((condition, literal_column(str(place), Integer)) for condition, place in whens), else_=_LAST_PLACE)


_LAST_PLACE = literal_column("999", Integer)
