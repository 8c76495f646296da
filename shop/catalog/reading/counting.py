"""SQL that counts the choices of every facet of a large listing, with all other choices applied.

It gives the counts that `counts` gives in memory; tests compare the two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)

from shop.catalog.model import Query
from shop.catalog.reading.counts import TOTAL
from shop.catalog.reading.facet_definition import VariantFacet
from shop.catalog.reading.facets import BUILT_IN, CategoryFacet, OptionFacet, PriceFacet, facets_of
from shop.catalog.reading.paging import listing_conditions, product_ids
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.schema import listings, products, variants

Conditions = Sequence[ColumnElement[bool]]
Counts = Select[Any]
"""Selects (name, value, products, first)."""


class FacetCounts:
    """The counts of a query with prices on a scale. `matched` is the condition of its text.

    Of each set of products, at most `most` are counted, and one more, which shows that there are more.
    """

    def __init__(self, query: Query, scale: PriceScale, dialect: str, matched: Conditions, most: int) -> None:
        self._query = query
        self._scale = scale
        self._dialect = dialect
        self._matched = matched
        self._most = most
        self._sets: dict[Query, CTE] = {}
        self._active = {facet.name: facet for facet in facets_of(query) if facet.selected(query)}

    def statement(self, known: Mapping[str, Iterable[str]]) -> CompoundSelect[Any]:
        """Selects (name, value, products, first) for every choice of every facet, in one trip.

        Under the name TOTAL is the number of all matches, with the value '', and without the choice in each facet, with
        its name. `first` is the place of the value's first product: it sorts the values of one facet. `known` has the
        values of the built-in facets; those of a few are counted one by one.
        """
        without = {name: facet.choose(self._query, ()) for name, facet in self._active.items()}
        totals = [self._count(TOTAL, name, query) for name, query in {"": self._query, **without}.items()]
        return union_all(*totals, *self._built_in(known), *self._of_options())

    def _built_in(self, known: Mapping[str, Iterable[str]]) -> Iterator[Counts]:
        for name, facet in BUILT_IN.items():
            if isinstance(facet, CategoryFacet):
                yield self._categories(self._without("category"))
            elif isinstance(facet, PriceFacet):
                yield self.prices()
            else:
                for value in known.get(name, ()):
                    yield self._count(name, value, facet.choose(self._query, (value,)))

    def _of_options(self) -> Iterator[Counts]:
        chosen = [facet for facet in self._active.values() if isinstance(facet, OptionFacet)]
        names = [facet.name for facet in chosen]
        yield self._options(self._query, lambda name: name.not_in(names) if names else true())
        for facet in chosen:
            yield self._options(facet.choose(self._query, ()), partial(operator.eq, facet.name))

    def _without(self, name: str) -> Query:
        """The query without the choice in a facet."""
        return BUILT_IN[name].choose(self._query, ())

    def _products(self, query: Query) -> CTE:
        """The products of a query, which every count of them shares."""
        if query not in self._sets:
            found = product_ids([*listing_conditions(query, self._scale), *self._matched])
            columns = found.add_columns(listings.c.rank, listings.c.price).limit(self._most + 1)
            self._sets[query] = columns.cte(f"found_{len(self._sets)}").prefix_with("MATERIALIZED")
        return self._sets[query]

    def _count(self, name: str, value: str, query: Query) -> Counts:
        return _counts(literal(name, Text), literal(value, Text), func.count()).select_from(self._products(query))

    def _categories(self, query: Query) -> Counts:
        every = listings.alias()
        counted = _counts(literal("category", Text), every.c.category, func.count(), func.min(every.c.rank))
        where = (every.c.category != "", every.c.product_id.in_(select(self._products(query).c.product_id)))
        return counted.where(*where).group_by(every.c.category)

    def prices(self) -> Counts:
        """Selects the counts of prices by their places; see `bands_at`."""
        found = self._products(self._without("price"))
        placed = select(_place(self._scale).label("place")).select_from(found).subquery()
        return _counts(literal("price", Text), cast(placed.c.place, Text), func.count()).group_by(placed.c.place)

    def _options(self, query: Query, named: Callable[[ColumnElement[str]], Any]) -> Counts:
        """Counts products by the values of their variants that pass the variant facets of the query.

        `named` is the condition on an option's name.
        """
        names, values = self._elements(products.c.options), self._elements(variants.c.options)
        of_variant = [facet for facet in facets_of(query) if isinstance(facet, VariantFacet) and facet.selected(query)]
        found = self._products(query)
        first = func.min(cast(found.c.rank, BigInteger) * _MANY + variants.c.position)
        rows = (
            _counts(names.c.value, values.c.value, func.count(variants.c.product_id.distinct()), first)
            .select_from(found)
            .join(products, products.c.id == found.c.product_id)
            .join(variants, variants.c.product_id == found.c.product_id)
            .join(names, literal(True))
            .join(values, values.c.key == names.c.key)
        )
        conditions = [facet.variant_condition(query) for facet in of_variant]
        return rows.where(named(names.c.value), *conditions).group_by(names.c.value, values.c.value)

    def _elements(self, array: ColumnElement[str]) -> Any:
        """The elements of a JSON array as a table of (key, value), beside each row."""
        if self._dialect == "sqlite":
            return func.json_each(array).table_valued("key", column("value", Text))
        elements = func.json_array_elements_text(cast(array, JSON))
        return elements.table_valued(column("value", Text), with_ordinality="key").render_derived().lateral()


def _counts(name: Any, value: Any, count: Any, first: Any = None) -> Counts:
    place = _NONE if first is None else cast(first, BigInteger)
    named: tuple[Any, ...] = (("name", name), ("value", value), ("products", count), ("first", place))
    return select(*(column.label(label) for label, column in named))


_NONE = literal_column("0", BigInteger)
_MANY = 100_000
"""More than the variants of a product."""


@lru_cache(maxsize=64)
def _place(scale: PriceScale) -> ColumnElement[int]:
    """Where a `price` is among the edges of price bands: 2n at the edge n, 2n + 1 between it and the next.

    As text: as objects, its many branches would cost more than the query.
    """
    whens = (
        f"WHEN price < {edge} THEN {2 * at - 1} WHEN price < {above} THEN {2 * at}"
        for at, (edge, above) in enumerate(scale.edges())
    )
    return literal_column(f"CASE {' '.join(whens)} ELSE {_LAST_PLACE} END", Integer)


_LAST_PLACE = 999
