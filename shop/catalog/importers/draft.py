"""The output of readers: products with their lines in the file, and the problems found."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from shop.catalog.model import Product
from shop.catalog.text import slug
from shop.errors import RowError

MAX_SKU = 64


class Draft(msgspec.Struct, frozen=True):
    """A product read from a file, not ranked yet. `created_at` is 0 if the file has no date."""

    product: Product
    line: int
    """Line of the file, counted from 1."""
    lines: tuple[int, ...]
    """The line of each variant."""
    counted: bool = False
    """Whether the file has a column for the quantity on hand."""
    exported: tuple[int | None, ...] = ()
    """What was on hand of each variant when our export wrote the file; nothing for a file from elsewhere."""


class Problems:
    """Collects the errors and warnings of a file. Errors prevent the import, warnings do not."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str]] = []
        self.warnings: list[str] = []

    def error(self, line: int, reason: str) -> None:
        """Record a row that cannot be imported."""
        self.errors.append((line, reason))

    def warn(self, line: int, reason: str) -> None:
        """Record something that was skipped or corrected."""
        self.warnings.append(f"line {line}: {reason}")

    def rows(self) -> tuple[RowError, ...]:
        """The errors, in the order of lines."""
        return tuple(RowError(f"line {line}: {reason}") for line, reason in sorted(self.errors))


def generated_sku(handle: str, options: tuple[str, ...], taken: set[str]) -> str:
    """A sku for a variant without one, stable for the same product and options.

    `taken` has the skus of the product's other variants.
    """
    plain = "-".join(part for part in (handle, *map(slug, options)) if part)
    if len(plain) <= MAX_SKU and plain not in taken:
        return plain
    digest = blake2b("\0".join((handle, *options)).encode(), digest_size=6).hexdigest()
    return f"{plain[: MAX_SKU - 13]}-{digest}"
