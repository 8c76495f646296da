"""What a facet is: the interface that each kind fills in, for products as a whole and for their variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from sqlalchemy import ColumnElement, or_, select

from shop.catalog.model import FacetValue, Query
from shop.catalog.reading.parameters import one_line
from shop.catalog.reading.traits import Traits, VariantTraits
from shop.catalog.schema import listings, product_texts
from shop.catalog.text import token
from shop.i18n import content
from shop.i18n import gettext as _

MAX_LENGTH = 80
"""Characters of an option's name, or of a value, in a URL."""

Given = Mapping[str, Sequence[str]]
"""The values of each parameter of a URL, in their order."""
Values = Sequence[tuple[str, str]]
"""(value, label) of each choice."""
Test = Callable[[Traits, int], bool]
"""Whether a product with these traits and this lowest price (minor units of the catalogue's currency) passes."""
Variants = Sequence[VariantTraits]
"""Some of the variants of a product."""
Narrowing = Callable[[Traits, Variants], Variants]
"""Those among some variants of a product that pass."""


class FacetDefinition(msgspec.Struct, frozen=True):
    """A facet. Unless a class says otherwise, Query has a text of its name: the value that is chosen, '' for none."""

    name: str
    """In counts, and in the URL unless `parameter` says otherwise."""
    label: str
    one_of: bool = True
    """Whether one value is chosen at a time; else several are alternatives."""
    max_values: int | None = None
    """Values that are shown: those that most products have."""

    by_index: ClassVar[bool] = False
    """Whether the search index finds what has its values, because no column of `listings` does."""

    @property
    def parameter(self) -> str:
        """The form field and URL parameter."""
        return self.name

    def title(self) -> str:
        """What shoppers read above the choices."""
        return _(self.label)

    def words(self, value: FacetValue, currency: str) -> str:
        """What shoppers read of a choice; `currency` is the catalogue's own."""
        return content(value.label)

    def arranged(self, values: list[FacetValue]) -> list[FacetValue]:
        """The choices, which come as the catalogue first shows them, in the order in which shoppers see them."""
        return values

    def parse(self, text: str) -> str:
        """The value that a URL gives."""
        return one_line(text, MAX_LENGTH)

    def read(self, query: Query, given: Given) -> Query:
        """The query with what a URL gives of this facet, if it does."""
        if not (texts := given.get(self.parameter)):
            return query
        return self.choose(query, [self.parse(text) for text in (texts[:1] if self.one_of else texts)])

    def write(self, query: Query) -> list[tuple[str, str]]:
        """The URL's parameters for what is chosen."""
        return [(self.parameter, value) for value in self.selected(query)]

    def selected(self, query: Query) -> tuple[str, ...]:
        """The values that a query has chosen."""
        value = getattr(query, self.name)
        return (value,) if value else ()

    def choose(self, query: Query, values: Sequence[str]) -> Query:
        """The query with these values chosen, and no others of this facet."""
        return msgspec.structs.replace(query, **{self.name: values[0] if values else ""})

    def toggled(self, query: Query, value: FacetValue) -> Query:
        """The first page of the listing with a value chosen, or taken away where it is."""
        others = [] if self.one_of else [chosen for chosen in self.selected(query) if chosen != value.value]
        values = others if value.selected else [*others, value.value]
        return self.choose(msgspec.structs.replace(query, page=1), values)

    def tokens(self, query: Query) -> list[str]:
        """What the search index has of products with one of the chosen values; none where it knows nothing of them."""
        return []

    def conditions(self, query: Query, currency: str) -> list[ColumnElement[bool]]:
        """What a row of `listings` must fulfil."""
        return []


class ProductFacet(FacetDefinition, frozen=True):
    """A facet that is asked of a product as a whole."""

    def values(self, traits: Traits, price: int, currency: str) -> Values:
        """The choices that find a product; `price` is its lowest, in minor units of the catalogue's currency."""
        raise NotImplementedError

    def test(self, query: Query, currency: str) -> Test:
        """Whether a product has what is chosen."""
        raise NotImplementedError


class TraitFacet(ProductFacet, frozen=True):
    """A facet whose values are among a product's traits: a class more needs only `of`."""

    by_index: ClassVar[bool] = True

    def of(self, traits: Traits) -> Values:
        """The choices that find a product."""
        raise NotImplementedError

    def values(self, traits: Traits, price: int, currency: str) -> Values:
        """See ProductFacet."""
        return self.of(traits)

    def test(self, query: Query, currency: str) -> Test:
        """See ProductFacet."""
        chosen = frozenset(self.selected(query))
        return lambda traits, _price: any(value in chosen for value, _label in self.of(traits))

    def token(self, value: str) -> str:
        """The word that stands for a value in the search index; no option's name begins like this."""
        return token("", f"{self.name}\0{value}")

    def tokens(self, query: Query) -> list[str]:
        """See FacetDefinition."""
        return [self.token(value) for value in self.selected(query)]

    def conditions(self, query: Query, currency: str) -> list[ColumnElement[bool]]:
        """See FacetDefinition. Reads the text of one product at a time: the index lists what it finds before that."""
        if not (tokens := self.tokens(query)):
            return []
        texts = product_texts.c
        of_product = select(texts.product_id).where(texts.product_id == listings.c.product_id)
        return [of_product.where(or_(*map(texts.tokens.contains, tokens))).exists()]


class VariantFacet(FacetDefinition, frozen=True):
    """A facet that is asked of a product's variants: one of them must have what is chosen in all such facets."""

    listed: ClassVar[ColumnElement[bool] | None] = None
    """The column of `listings` that says whether any variant passes, where no other such facet is asked."""

    def values(self, traits: Traits, variants: Variants) -> Values:
        """The choices that find one of these variants."""
        raise NotImplementedError

    def narrowing(self, query: Query) -> Narrowing:
        """What keeps the variants that have what is chosen."""
        raise NotImplementedError

    def variant_condition(self, query: Query) -> ColumnElement[bool]:
        """What a row of `variants` must fulfil."""
        raise NotImplementedError
