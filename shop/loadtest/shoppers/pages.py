"""Extracts from the shop's pages what a shopper needs."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import msgspec

_SKU = re.compile(r'name="variant_id" value="([^"]*)"')
_MAX = re.compile(r'id="quantity" type="number" name="quantity" value="\d+" min="1" max="(\d+)"')
_CHOICE = re.compile(r'class="option__value[^"]*"[^>]* href="([^"]+)"')
_ALERT = re.compile(r'role="alert"[^>]*>(.*?)</(?:p|div|section)>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_LOCATION = re.compile(r"<loc>([^<]+)</loc>")
_MESSAGE_LENGTH = 100


class Offer(msgspec.Struct, frozen=True):
    """The add-to-cart form of a product page."""

    sku: str
    limit: int
    """The maximum of the quantity field."""


def offer_on(page: str) -> Offer | None:
    """The form on a product page; None if the product is sold out."""
    sku, limit = _SKU.search(page), _MAX.search(page)
    return Offer(unescape(sku[1]), int(limit[1])) if sku and limit else None


def choices_on(page: str) -> list[str]:
    """The paths of a product's options."""
    return [unescape(path) for path in _CHOICE.findall(page)]


def refusal_on(page: str) -> str:
    """The error message on a page that refused a request."""
    found = _ALERT.search(page)
    message = " ".join(unescape(_TAG.sub(" ", found[1])).split()) if found else ""
    return message[:_MESSAGE_LENGTH] or "refused without a message"


def addresses_in(sitemap: str) -> list[str]:
    """The URLs in a sitemap."""
    return [unescape(address) for address in _LOCATION.findall(sitemap)]


def order_number(location: str) -> str:
    """The number in the address of an order's page."""
    return urlsplit(location).path.rpartition("/")[2]


def path_of(location: str) -> str:
    """The path of an address with its query, which opens the page of an order."""
    return urlsplit(location)._replace(scheme="", netloc="").geturl()
