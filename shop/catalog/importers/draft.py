"""What a reader hands over: a product with the lines it came from, and what was wrong with the others."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from shop.catalog.model import Product
from shop.catalog.text import slug
from shop.errors import RowError

MAX_SKU = 64


class Draft(msgspec.Struct, frozen=True):
    """A product as a file has it, not yet ranked. `created_at` 0 stands for 'the file does not say'."""

    product: Product
    line: int
    """Of the file, counted from 1."""
    lines: tuple[int, ...]
    """Of each variant."""


class Problems:
    """Collects what is wrong with a file: errors refuse it, warnings do not."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str]] = []
        self.warnings: list[str] = []

    def error(self, line: int, reason: str) -> None:
        """A row that cannot be imported."""
        self.errors.append((line, reason))

    def warn(self, line: int, reason: str) -> None:
        """Something that was left out or put right."""
        self.warnings.append(f"line {line}: {reason}")

    def rows(self) -> tuple[RowError, ...]:
        """The errors in the order of their lines."""
        return tuple(RowError(f"line {line}: {reason}") for line, reason in sorted(self.errors))


def generated_sku(handle: str, options: tuple[str, ...], taken: set[str]) -> str:
    """A sku for a variant that has none: always the same for the same product and options.

    `taken` are those of the product's other variants.
    """
    plain = "-".join(part for part in (handle, *map(slug, options)) if part)
    if len(plain) <= MAX_SKU and plain not in taken:
        return plain
    mark = blake2b("\0".join((handle, *options)).encode(), digest_size=6).hexdigest()
    return f"{plain[: MAX_SKU - 13]}-{mark}"
