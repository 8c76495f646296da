"""Filters products by facets, and counts the choices of facets. Pure.

The count of a choice is the number of products that choosing it would find: a facet ignores its own selection and
applies all others. Options and stock must match in one variant: 'Moss, Large, in stock' finds only products with
exactly such a variant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from shop.catalog.model import Facet, FacetValue, Query
from shop.catalog.reading.facet_definition import FacetDefinition, ProductFacet, Values, VariantFacet, Variants
from shop.catalog.reading.facets import BUILT_IN, facets_of, in_order, option_facet
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import Traits

MAX_OPTIONS = 6
"""Maximum options that become a facet: the most common ones."""
MAX_VALUES = 12
"""Values of a facet that are shown at first: the most common ones."""
MAX_EXPANDED = 200
"""Values of a facet that are shown on demand."""
FEW = 3
"""Values that are shown too rather than left out."""
TOTAL = ""
"""The name of the total number of products in the table of facets; never shown."""
Addition = tuple[str, Values]
"""A facet's name, and at least one of its choices."""


class Filters:
    """The filters of a query, prepared for testing many products. `scale` is that of prices."""

    def __init__(self, query: Query, scale: PriceScale) -> None:
        active = [facet for facet in facets_of(query) if facet.selected(query)]
        self._scale = scale
        self._tests = [(facet, facet.test(query, scale)) for facet in active if isinstance(facet, ProductFacet)]
        self._variant_filters = [
            (facet, facet.variant_filter(query)) for facet in active if isinstance(facet, VariantFacet)
        ]
        self._filtered_facets = tuple(facet for facet, _filter in self._variant_filters)
        self._of_products = [facet for facet in BUILT_IN.values() if isinstance(facet, ProductFacet)]

    def passes(self, traits: Traits, price: int) -> bool:
        """Whether a product with these traits and this lowest price matches the query."""
        return all(test(traits, price) for _facet, test in self._tests) and bool(self._passing(traits))

    def additions(self, traits: Traits, price: int) -> list[Addition]:
        """The choices of each facet whose counts include this product."""
        failed = None
        for facet, test in self._tests:
            if not test(traits, price):
                if failed is not None:
                    return []
                failed = facet
        passing = self._passing(traits) if self._variant_filters else traits.variants
        if failed is not None:
            choices = failed.values(traits, price, self._scale) if passing else ()
            return [(failed.name, choices)] if choices else []
        found: list[Addition] = []
        if passing:
            every = self._of_products
            found = [(facet.name, of) for facet in every if (of := facet.values(traits, price, self._scale))]
        for of_variants in _of_variants(traits.options):
            own = self._passing(traits, ignore=of_variants) if of_variants in self._filtered_facets else passing
            if choices := of_variants.values(traits, own):
                found.append((of_variants.name, choices))
        return found

    def _passing(self, traits: Traits, ignore: VariantFacet | None = None) -> Variants:
        """The variants that pass all variant filters, except that of the ignored facet."""
        passing: Variants = traits.variants
        for facet, variant_filter in self._variant_filters:
            if facet != ignore:
                passing = variant_filter(traits, passing)
        return passing


@lru_cache(maxsize=1024)
def _of_variants(options: tuple[str, ...]) -> tuple[VariantFacet, ...]:
    """The variant facets of a product with these options."""
    built_in = (facet for facet in BUILT_IN.values() if isinstance(facet, VariantFacet))
    return (*built_in, *(option_facet(name) for name in options if name not in BUILT_IN))


class Tally:
    """Counts of choices, in the order of their first occurrence."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, tuple[str, int]]] = {}
        self.at_least: set[str] = set()
        """The names of facets of whose products only the first were counted."""

    def add(self, additions: Iterable[Addition], count: int = 1) -> None:
        """Count each choice."""
        for name, choices in additions:
            values = self.counts.setdefault(name, {})
            for value, label in choices:
                first, before = values.get(value, (label, 0))
                values[value] = (first, before + count)

    def facets(self, query: Query, *, complete: bool = False) -> tuple[Facet, ...]:
        """The facets to show, in their order, including everything that the query selects.

        `complete`: with all values of each, not only the most common ones.
        """
        options = [name for name in self.counts if name not in BUILT_IN and name != TOTAL]
        common = sorted(options, key=lambda name: -sum(count for _, count in self.counts[name].values()))[:MAX_OPTIONS]
        chosen = {name for name, _ in query.options}
        shown = dict.fromkeys([*(name for name in options if name in common or name in chosen), *sorted(chosen)])
        ordered = in_order(name for name in shown if name not in BUILT_IN)
        facets = (self._facet(facet, query, complete=complete) for facet in ordered)
        return tuple(facet for facet in facets if facet.values)

    def _facet(self, facet: FacetDefinition, query: Query, *, complete: bool) -> Facet:
        counts = dict(self.counts.get(facet.name, {}))
        selected = facet.selected(query)
        for value in selected:
            counts.setdefault(value, (value, 0))
        limit = MAX_EXPANDED if query.expanded == facet.name else MAX_VALUES
        if complete or not facet.bounded or len(counts) <= limit + FEW:
            limit = len(counts)
        shown = {*sorted(counts, key=lambda value: -counts[value][1])[:limit], *selected}
        values = [
            FacetValue(value, label, count, value in selected)
            for value, (label, count) in counts.items()
            if value in shown
        ]
        return Facet(
            facet.name,
            facet.label,
            tuple(facet.sorted_values(values)),
            len(counts) - len(values),
            facet.name in self.at_least,
        )
