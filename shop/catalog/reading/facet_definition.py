"""The interface of facets: of products as a whole, and of their variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from sqlalchemy import ColumnElement, or_, select

from shop.catalog.model import FacetValue, Query
from shop.catalog.reading.parameters import one_line
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import Traits, VariantTraits
from shop.catalog.schema import listings, product_texts
from shop.catalog.text import token
from shop.i18n import content
from shop.i18n import gettext as _

MAX_LENGTH = 80
"""Maximum characters of an option's name or value in a URL."""

Parameters = Mapping[str, Sequence[str]]
"""The values of each URL parameter, in order."""
Values = Sequence[tuple[str, str]]
"""(value, label) of each choice."""
Test = Callable[[Traits, int], bool]
"""Whether a product with these traits and this lowest price (minor units of the catalogue's currency) passes."""
Variants = Sequence[VariantTraits]
"""Some of the variants of a product."""
VariantFilter = Callable[[Traits, Variants], Variants]
"""Filters variants of a product: those that pass."""


class FacetDefinition(msgspec.Struct, frozen=True):
    """A facet. By default, its value is the field of Query with its name: the chosen value, '' for none."""

    name: str
    """The name in counts, and by default in the URL (see `parameter`)."""
    label: str
    single_choice: bool = True
    """Whether only one value can be chosen; otherwise several are alternatives."""
    bounded: bool = True
    """Whether only the most common values are shown at first."""

    in_search_index: ClassVar[bool] = False
    """Whether the search index holds its values, because no column of `listings` does."""

    @property
    def parameter(self) -> str:
        """The form field and URL parameter."""
        return self.name

    def title(self) -> str:
        """The heading of the choices, in the current language."""
        return _(self.label)

    def value_label(self, value: FacetValue, currency: str) -> str:
        """The label of a choice, in the current language; `currency` is that of prices."""
        return content(value.label)

    def sorted_values(self, values: list[FacetValue]) -> list[FacetValue]:
        """The choices in display order; `values` are in the order of their first occurrence."""
        return values

    def parse(self, text: str) -> str:
        """The value in a URL parameter."""
        return one_line(text, MAX_LENGTH)

    def read(self, query: Query, parameters: Parameters) -> Query:
        """The query with the values of this facet from a URL; unchanged if the URL has none."""
        if not (texts := parameters.get(self.parameter)):
            return query
        return self.choose(query, [self.parse(text) for text in (texts[:1] if self.single_choice else texts)])

    def write(self, query: Query) -> list[tuple[str, str]]:
        """The URL parameters of the chosen values."""
        return [(self.parameter, value) for value in self.selected(query)]

    def selected(self, query: Query) -> tuple[str, ...]:
        """The chosen values of a query."""
        value = getattr(query, self.name)
        return (value,) if value else ()

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """The query with exactly these values of this facet chosen."""
        return msgspec.structs.replace(query, **{self.name: values[0] if values else ""})

    def toggled(self, query: Query, value: FacetValue) -> Query:
        """The first page of the listing with a value added, or removed if it is selected."""
        others = [] if self.single_choice else [chosen for chosen in self.selected(query) if chosen != value.value]
        values = others if value.selected else [*others, value.value]
        return self.choose(msgspec.structs.replace(query, page=1), values)

    def tokens(self, query: Query) -> list[str]:
        """The index tokens of the chosen values; empty if the search index does not hold this facet."""
        return []

    def conditions(self, query: Query, scale: PriceScale) -> list[ColumnElement[bool]]:
        """The conditions on a row of `listings`."""
        return []


class ProductFacet(FacetDefinition, frozen=True):
    """A facet of a product as a whole."""

    def values(self, traits: Traits, price: int, scale: PriceScale) -> Values:
        """The choices that match a product; `price` is its lowest, in minor units of the catalogue's currency."""
        raise NotImplementedError

    def test(self, query: Query, scale: PriceScale) -> Test:
        """The test for the chosen values of a query."""
        raise NotImplementedError


class TraitFacet(ProductFacet, frozen=True):
    """A facet whose values are among a product's traits. Subclasses implement only `of`."""

    in_search_index: ClassVar[bool] = True

    def of(self, traits: Traits) -> Values:
        """The choices that match a product."""
        raise NotImplementedError

    def values(self, traits: Traits, price: int, scale: PriceScale) -> Values:
        """See ProductFacet."""
        return self.of(traits)

    def test(self, query: Query, scale: PriceScale) -> Test:
        """See ProductFacet."""
        chosen = frozenset(self.selected(query))
        return lambda traits, _price: any(value in chosen for value, _label in self.of(traits))

    def token(self, value: str) -> str:
        """The index token of a value. It differs from every token of an option."""
        return token("", f"{self.name}\0{value}")

    def tokens(self, query: Query) -> list[str]:
        """See FacetDefinition."""
        return [self.token(value) for value in self.selected(query)]

    def conditions(self, query: Query, scale: PriceScale) -> list[ColumnElement[bool]]:
        """See FacetDefinition. Tests the tokens of one product at a time, if the search index is not used."""
        if not (tokens := self.tokens(query)):
            return []
        texts = product_texts.c
        of_product = select(texts.product_id).where(texts.product_id == listings.c.product_id)
        return [of_product.where(or_(*map(texts.tokens.contains, tokens))).exists()]


class VariantFacet(FacetDefinition, frozen=True):
    """A facet of variants: one variant of the product must match the choices in all such facets."""

    listed: ClassVar[ColumnElement[bool] | None] = None
    """The column of `listings` that says whether any variant passes, if it is the only variant facet chosen."""

    def values(self, traits: Traits, variants: Variants) -> Values:
        """The choices that match one of these variants."""
        raise NotImplementedError

    def variant_filter(self, query: Query) -> VariantFilter:
        """The filter for the chosen values of a query."""
        raise NotImplementedError

    def variant_condition(self, query: Query) -> ColumnElement[bool]:
        """The condition on a row of `variants`."""
        raise NotImplementedError
