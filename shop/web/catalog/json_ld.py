"""Builds JSON-LD with the vocabulary of schema.org, for search engines.

URLs are absolute if the public URL is known; otherwise they are paths, relative to the page (JSON-LD 1.1, 9.4.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from shop.catalog.model import Product, Query, Review, Reviews, Variant
from shop.i18n import content
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.catalog.html_text import plain_text
from shop.web.catalog.views import GridView
from shop.web.render.paths import listing_path, product_path
from shop.web.render.prices import Prices
from shop.web.render.views import Link, Picture, Shell

SHOP = "Neap"
_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
MAX_DESCRIPTION = 5000
"""Characters of a description, the limit of merchant listings."""


def product_json_ld(
    product: Product, pictures: Iterable[Picture], shell: Shell, prices: Prices, reviews: Reviews
) -> str:
    """A Product with its price: an Offer, or an AggregateOffer with an Offer for each variant; and its reviews."""
    return _script(
        "Product",
        name=content(product.title),
        description=plain_text(content(product.description), MAX_DESCRIPTION),
        url=shell.canonical_url,
        image=[_absolute(shell, picture.jpeg or picture.url) for picture in pictures],
        sku=product.variants[0].sku if len(product.variants) == 1 else "",
        brand={"@type": "Brand", "name": product.vendor} if product.vendor else None,
        category=product.categories[0] if product.categories else "",
        offers=_offers(product, shell, prices),
        aggregateRating=_rating(reviews),
        review=[_review(review) for review in reviews.latest],
    )


def _rating(reviews: Reviews) -> dict[str, Any] | None:
    """schema.org/AggregateRating; None without reviews."""
    if not reviews.count:
        return None
    return {"@type": "AggregateRating", "ratingValue": reviews.average, "reviewCount": reviews.count}


def _review(review: Review) -> dict[str, Any]:
    found = {
        "@type": "Review",
        "name": review.title,
        "reviewBody": review.text,
        "datePublished": review.day,
        "author": {"@type": "Person", "name": review.author} if review.author else None,
        "reviewRating": {"@type": "Rating", "ratingValue": review.rating},
    }
    return {name: value for name, value in found.items() if value}


def trail_json_ld(trail: Iterable[Link], shell: Shell) -> str:
    """The BreadcrumbList of a page."""
    return _script(
        "BreadcrumbList",
        itemListElement=[
            {"@type": "ListItem", "position": number, "name": link.label, "item": _absolute(shell, link.url)}
            for number, link in enumerate(trail, 1)
        ],
    )


def grid_json_ld(view: GridView, mark: str) -> tuple[str, ...]:
    """The shop itself for the front page, a BreadcrumbList for a category; `mark` is the URL of the logo."""
    if view.front:
        return _site(view.shell, mark)
    if not view.category or not view.shell.canonical_url:
        return ()
    category = Link(view.heading, listing_path(Query(category=view.category)))
    return (trail_json_ld((Link(_("Shop"), "/"), category), view.shell),)


def _site(shell: Shell, mark: str) -> tuple[str, ...]:
    """The Organization, and the WebSite with its search."""
    site = _absolute(shell, "/")
    search = {
        "@type": "SearchAction",
        "target": {"@type": "EntryPoint", "urlTemplate": _absolute(shell, "/?q={search_term_string}")},
        "query-input": "required name=search_term_string",
    }
    return (
        _script("Organization", name=SHOP, url=site, logo=_absolute(shell, mark)),
        _script("WebSite", name=SHOP, url=site, potentialAction=search),
    )


def _offers(product: Product, shell: Shell, prices: Prices) -> dict[str, Any]:
    offers = [_offer(product, variant, shell, prices) for variant in product.variants]
    if len(offers) == 1:
        return offers[0]
    costs = [prices.convert(variant.price) for variant in product.variants]
    return {
        "@type": "AggregateOffer",
        "lowPrice": _amount(min(costs, key=lambda cost: cost.amount)),
        "highPrice": _amount(max(costs, key=lambda cost: cost.amount)),
        "priceCurrency": prices.currency,
        "offerCount": len(offers),
        "offers": offers,
    }


def _offer(product: Product, variant: Variant, shell: Shell, prices: Prices) -> dict[str, Any]:
    offer = {
        "@type": "Offer",
        "sku": variant.sku,
        "name": variant.title,
        "price": _amount(prices.convert(variant.price)),
        "priceCurrency": prices.currency,
        "priceSpecification": _former_price(variant, prices),
        "availability": f"https://schema.org/{_availability(variant)}",
        "itemCondition": "https://schema.org/NewCondition",
        "url": _absolute(shell, product_path(product.handle, variant.sku if variant.title else "")),
    }
    return {name: value for name, value in offer.items() if value}


def _availability(variant: Variant) -> str:
    """schema.org/ItemAvailability. What is reserved may come back within minutes: it is not out of stock."""
    return "InStock" if variant.available else "LimitedAvailability" if variant.reserved else "OutOfStock"


def _former_price(variant: Variant, prices: Prices) -> dict[str, str] | None:
    if variant.compare_at is None:
        return None
    return {
        "@type": "UnitPriceSpecification",
        "priceType": "https://schema.org/StrikethroughPrice",
        "price": _amount(prices.convert(variant.compare_at)),
        "priceCurrency": prices.currency,
    }


def _amount(money: Money) -> str:
    return str(money.decimal)


def _absolute(shell: Shell, url: str) -> str:
    return shell.site + url if url.startswith("/") else url


def _script(kind: str, **properties: object) -> str:
    """One JSON-LD object, escaped so that it cannot close its <script>; empty properties are omitted."""
    given = {name: value for name, value in properties.items() if value}
    data = {"@context": "https://schema.org", "@type": kind, **given}
    return msgspec.json.encode(data).decode().translate(_UNSAFE)
