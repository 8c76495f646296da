"""Facets: which filters a product passes, and what it adds to the count of each choice. Pure.

A choice's count is what choosing it would find: a facet ignores its own selection and heeds all others.
Options and stock are asked of one variant: 'Moss, Large, in stock' finds a product that has exactly that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from shop.catalog.model import Facet, FacetValue, Query
from shop.catalog.reading.traits import Traits, Variants
from shop.i18n import noted
from shop.money import minor_digits

MAX_VALUES = 40
"""Values of an option that are shown: those that most products have."""
MAX_OPTIONS = 6
"""Options that become a facet: those that most products have."""
BUILT_IN = {"category": noted("Category"), "price": noted("Price"), "in_stock": noted("Availability")}
"""Facets that every catalogue has; an option of the same name is none."""
TOTAL = ""
"""The name under which the number of all products is kept in the table of facets; never shown."""

_EDGES = (0, *(step * 10**power for power in range(1, 14) for step in (1, 2, 5)))


class Filters(msgspec.Struct, frozen=True):
    """A query's filters, ready to be asked of many products. Price bounds are minor units, inclusive."""

    category: str = ""
    low: int | None = None
    high: int | None = None
    in_stock: bool = False
    options: dict[str, frozenset[str]] = {}

    @classmethod
    def of(cls, query: Query, currency: str) -> Filters:
        """The filters of a query in a catalogue of that currency."""
        unit = 10 ** minor_digits(currency)
        options: dict[str, frozenset[str]] = {}
        for name, value in query.options:
            options[name] = options.get(name, frozenset()) | {value}
        low, high = (None if bound is None else bound * unit for bound in (query.min_price, query.max_price))
        return cls(query.category, low, high, query.in_stock, options)

    def passes(self, traits: Traits, price: int) -> bool:
        """Whether a product with these traits and this lowest price is to be listed."""
        return self.has_category(traits) and self.has_price(price) and self.fits(self.variants(traits))

    def has_category(self, traits: Traits) -> bool:
        """Whether the product is in the category that was asked for."""
        return not self.category or any(slug == self.category for slug, _ in traits.categories)

    def has_price(self, price: int) -> bool:
        """Whether the price is within the bounds."""
        return (self.low is None or price >= self.low) and (self.high is None or price <= self.high)

    def fits(self, variants: Variants) -> bool:
        """Whether there is one among variants that have the options."""
        return any(available for available, _ in variants) if self.in_stock else bool(variants)

    def variants(self, traits: Traits, ignore: str = "") -> Variants:
        """The variants that have the options that were asked for, but for one name."""
        asked = [(name, values) for name, values in self.options.items() if name != ignore]
        if not asked:
            return traits.variants
        if any(name not in traits.options for name, _ in asked):
            return ()
        places = [(traits.options.index(name), values) for name, values in asked]
        return tuple(variant for variant in traits.variants if all(variant[1][at] in values for at, values in places))


def additions(traits: Traits, price: int, currency: str, filters: Filters) -> list[tuple[str, str, str]]:
    """(facet, value, label) for each choice that would find this product."""
    variants = filters.variants(traits)
    in_category, in_bounds, fits = filters.has_category(traits), filters.has_price(price), filters.fits(variants)
    found: list[tuple[str, str, str]] = []
    if in_bounds and fits:
        found += [("category", slug, title) for slug, title in traits.categories]
    if in_category and fits:
        found += [("price", band, band) for band in bands(price, currency)]
    if in_category and in_bounds:
        if any(available for available, _ in variants):
            found.append(("in_stock", "1", noted("In stock")))
        for at, name in enumerate(traits.options):
            if name not in BUILT_IN:
                own = filters.variants(traits, ignore=name) if name in filters.options else variants
                values = dict.fromkeys(options[at] for available, options in own if available or not filters.in_stock)
                found += [(name, value, value) for value in values]
    return found


@lru_cache(maxsize=4096)
def bands(price: int, currency: str) -> tuple[str, ...]:
    """The price bands (major units, both ends inclusive) that hold a price: '10-20'; two where it is an edge."""
    unit = 10 ** minor_digits(currency)
    first, last = bisect_left(_EDGES, price / unit) - 1, bisect_right(_EDGES, price / unit) - 1
    places = range(max(first, 0), min(last, len(_EDGES) - 2) + 1)
    return tuple(f"{_EDGES[at]}-{_EDGES[at + 1]}" for at in places)


class Tally:
    """Counts of choices, each kept in the order in which it was first seen."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, tuple[str, int]]] = {}

    def add(self, additions: Iterable[tuple[str, str, str]], count: int = 1) -> None:
        """Count each (facet, value, label)."""
        for name, value, label in additions:
            values = self.counts.setdefault(name, {})
            first, before = values.get(value, (label, 0))
            values[value] = (first, before + count)

    def facets(self, query: Query) -> tuple[Facet, ...]:
        """The facets to show, with what the query selects, in the order category, options, price, stock."""
        options = [name for name in self.counts if name not in BUILT_IN and name != TOTAL]
        most = sorted(options, key=lambda name: -sum(count for _, count in self.counts[name].values()))[:MAX_OPTIONS]
        chosen = {name for name, _ in query.options}
        shown = dict.fromkeys([*(name for name in options if name in most or name in chosen), *sorted(chosen)])
        names = ["category", *(name for name in shown if name not in BUILT_IN), "price", "in_stock"]
        facets = (Facet(name, BUILT_IN.get(name, name), self._values(name, query)) for name in names)
        return tuple(facet for facet in facets if facet.values)

    def _values(self, name: str, query: Query) -> tuple[FacetValue, ...]:
        counts = dict(self.counts.get(name, {}))
        selected = _selected(name, query)
        for value in selected:
            counts.setdefault(value, (value, 0))
        if name not in BUILT_IN and len(counts) > MAX_VALUES:
            least = sorted((count for _, count in counts.values()), reverse=True)[MAX_VALUES - 1]
            counts = {v: (label, n) for v, (label, n) in counts.items() if n >= least or v in selected}
        values = [FacetValue(v, label, n, v in selected) for v, (label, n) in counts.items()]
        if name == "price":
            values.sort(key=lambda value: [int(edge or 0) for edge in value.value.split("-")])
        return tuple(values)


def _selected(name: str, query: Query) -> tuple[str, ...]:
    if name == "category":
        return (query.category,) if query.category else ()
    if name == "in_stock":
        return ("1",) if query.in_stock else ()
    if name == "price":
        low, high = ("" if bound is None else str(bound) for bound in (query.min_price, query.max_price))
        return (f"{low}-{high}",) if low or high else ()
    return tuple(value for option, value in query.options if option == name)
