"""What a typed search looks for, independent of the database. Pure."""

from __future__ import annotations

from enum import IntEnum

import msgspec

Group = tuple[str, ...]
"""Lexemes of which one must be present."""


class Field(IntEnum):
    """Where a product has a lexeme, the best first. Tags are also categories, vendor and the values of options."""

    TITLE = 1
    TAGS = 2
    TEXT = 3


class Kind(IntEnum):
    """How well a word that was found answers the word that was typed, the best first."""

    EXACT = 1
    STEM = 2
    LIKE = 3
    """A synonym, the beginning of a word, a part of a compound."""
    LOOSE = 4
    """A correction, or only the last part of a compound."""


WEIGHTS = {
    Field.TITLE: {Kind.EXACT: 100, Kind.STEM: 85, Kind.LIKE: 60, Kind.LOOSE: 30},
    Field.TAGS: {Kind.EXACT: 50, Kind.STEM: 45, Kind.LIKE: 35, Kind.LOOSE: 15},
    Field.TEXT: {Kind.EXACT: 20, Kind.STEM: 16, Kind.LIKE: 10, Kind.LOOSE: 5},
}
"""A product's score is the sum over the terms of its best weight for each."""


class Alternative(msgspec.Struct, frozen=True):
    """One way to match a term: all groups must be present."""

    kind: Kind
    groups: tuple[Group, ...]


class Term(msgspec.Struct, frozen=True):
    """A word or phrase of a search, with the ways to match it; none if nothing like it exists."""

    typed: str
    alternatives: tuple[Alternative, ...]
    corrected: str = ""
    """The word that was probably meant; '' if it is spelled as a known one."""


class TextSearch(msgspec.Struct, frozen=True):
    """A search. A product matches if it has at least `needed` of the terms."""

    terms: tuple[Term, ...]
    needed: int

    @property
    def possible(self) -> bool:
        """Whether enough terms have any alternative."""
        return 0 < self.needed <= len(self.findable)

    @property
    def findable(self) -> tuple[Term, ...]:
        """The terms that have alternatives."""
        return tuple(term for term in self.terms if term.alternatives)

    @property
    def strict(self) -> bool:
        """Whether every term is needed."""
        return self.needed == len(self.terms)

    @property
    def corrected(self) -> str:
        """The search as it was probably meant; '' if it is spelled with known words."""
        if not any(term.corrected for term in self.terms):
            return ""
        return " ".join(term.corrected or term.typed for term in self.terms)
