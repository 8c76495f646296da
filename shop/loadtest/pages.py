"""Reads what a shopper reads off the shop's pages."""

from __future__ import annotations

import re
from html import unescape

import msgspec

_SKU = re.compile(r'name="variant_id" value="([^"]*)"')
_MOST = re.compile(r'id="quantity" type="number" name="quantity" value="\d+" min="1" max="(\d+)"')
_CHOICE = re.compile(r'class="option__value[^"]*"[^>]* href="([^"]+)"')
_ALERT = re.compile(r'role="alert"[^>]*>(.*?)</(?:p|div|section)>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_LOCATION = re.compile(r"<loc>([^<]+)</loc>")
_MOST_LETTERS = 100


class Offer(msgspec.Struct, frozen=True):
    """The form that adds a product to the cart."""

    sku: str
    most: int
    """Pieces that may be asked for at once."""


def offer_on(page: str) -> Offer | None:
    """What a product's page offers; None where it is sold out."""
    sku, most = _SKU.search(page), _MOST.search(page)
    return Offer(unescape(sku[1]), int(most[1])) if sku and most else None


def choices_on(page: str) -> list[str]:
    """The paths behind a product's options."""
    return [unescape(path) for path in _CHOICE.findall(page)]


def refusal_on(page: str) -> str:
    """Why not, in the page's words."""
    found = _ALERT.search(page)
    words = " ".join(unescape(_TAG.sub(" ", found[1])).split()) if found else ""
    return words[:_MOST_LETTERS] or "refused without a word"


def addresses_in(sitemap: str) -> list[str]:
    """The addresses that a sitemap lists."""
    return [unescape(address) for address in _LOCATION.findall(sitemap)]
