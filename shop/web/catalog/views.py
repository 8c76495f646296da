"""The views of the catalogue's templates; see shop.web.render.views."""

from __future__ import annotations

from typing import Literal

import msgspec

from shop.web.render.views import Card, DeliveryView, Link, Picture, Price, Shell


class Choice(msgspec.Struct, frozen=True):
    """A facet's value. Its link adds it to the listing's filters, or removes it if it is selected."""

    label: str
    url: str
    count: int
    selected: bool
    name: str
    value: str
    swatch: str = ""
    """The colour in static/css/shop/swatch.css, '' for none."""


class FacetView(msgspec.Struct, frozen=True):
    """A filter of the listing with its choices."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    multiple: bool = True
    """Whether several choices are possible (checkboxes) or one (radio buttons)."""
    more: int = 0
    """The number of rarer values, which `all_url` lists."""
    all_url: str = ""
    bounds: tuple[str, str] | None = None
    """Of prices: the lowest and the highest as typed; '' for none."""
    at_least: bool = False
    """Whether the counts of the choices may be higher."""


class Pager(msgspec.Struct, frozen=True):
    """The pager of a listing; `links` has the first, the last and those around the current page, None for a gap."""

    page: int
    pages: int
    previous_url: str
    next_url: str
    links: tuple[Link | None, ...]


class Tile(msgspec.Struct, frozen=True):
    """A link with a picture."""

    label: str
    url: str
    picture: Picture


class HomeView(msgspec.Struct, frozen=True):
    """The part of the front page above its grid, built from the page of the grid itself."""

    scene: Picture
    story: Picture
    categories: tuple[Tile, ...]
    featured: tuple[Card, ...]
    small: tuple[Card, ...]
    """The cheapest products, the cheapest first; empty if there are too few products."""


class LeadView(msgspec.Struct, frozen=True):
    """What a category's page begins with."""

    words: str
    scene: Picture


class Answer(msgspec.Struct, frozen=True):
    """What there is to say about the results of a search."""

    meant: Link | None = None
    """The search as it was probably meant, if a word of it is unknown; its results are those shown."""
    partial: bool = False
    """Whether no product has all words, so that those with the most of them are shown."""
    topics: tuple[Link, ...] = ()
    """Pages of help about what was searched."""
    popular: tuple[Card, ...] = ()
    """Products to show if nothing was found."""


class GridView(msgspec.Struct, frozen=True):
    """A grid: the front page, a category, or the results of a search."""

    shell: Shell
    front: bool
    """Whether it is the front page: no search, no filter, page 1."""
    heading: str
    total: int
    """Products found."""
    cards: tuple[Card, ...]
    facets: tuple[FacetView, ...]
    chosen: tuple[Link, ...]
    """The active filters; each link removes one."""
    sorts: tuple[Choice, ...]
    pager: Pager
    category: str
    """The category's slug, '' for all."""
    reset_url: str
    """The listing without filters."""
    at_least: bool = False
    """Whether there are more than `total`."""
    price_currency: str = ""
    """The currency of price bounds, if it is not the catalogue's own."""
    others: tuple[tuple[str, str], ...] = ()
    """The fields of the listing's address except the price bounds and the page."""
    expanded: str = ""
    """The name of the facet whose rare values are listed too."""
    answer: Answer = Answer()
    """What there is to say about a search."""
    home: HomeView | None = None
    """On the front page."""
    lead: LeadView | None = None
    """On the first page of a category that has one."""
    json_ld: tuple[str, ...] = ()
    """For <script type="application/ld+json">, with '<' escaped."""


class OptionValue(msgspec.Struct, frozen=True):
    """A value of an option."""

    value: str
    selected: bool
    available: bool
    url: str = ""
    """The product page with this value and the current other options; '' if there is no such variant."""
    swatch: str = ""
    """The name of its colour in the style sheet: 'moss'; '' for an unknown colour."""


class OptionView(msgspec.Struct, frozen=True):
    """An option of a product, such as Colour."""

    name: str
    values: tuple[OptionValue, ...]


class VariantView(msgspec.Struct, frozen=True):
    """The variant that the page shows."""

    sku: str
    title: str
    """'Moss / Large'; '' for a product without options."""
    price: Price
    stock: str
    """'' if stock is plentiful; else 'Only 3 left', 'Sold out', or that the last ones are reserved."""
    sold_out: bool
    max_quantity: int


class Promise(msgspec.Struct, frozen=True):
    """What delivery costs, where to, and when the parcel arrives if it is ordered today."""

    cost: str
    """'€4.90' or 'Free'."""
    zone: str
    """After 'to': 'the European Union'."""
    days: str
    """'Thu 3 Dec – Mon 7 Dec'."""


class ReviewView(msgspec.Struct, frozen=True):
    """A review."""

    stars: str
    """'★★★★☆'."""
    rating: str
    """'4 of 5'."""
    author: str
    title: str
    paragraphs: tuple[str, ...]
    date: str
    """ISO 8601, for <time>."""
    day: str


class ReviewsView(msgspec.Struct, frozen=True):
    """The reviews of a product, of which there is at least one."""

    average: str
    """'4.5 of 5'."""
    count: int
    latest: tuple[ReviewView, ...]


class ProductView(msgspec.Struct, frozen=True):
    """A product page."""

    shell: Shell
    handle: str
    title: str
    trail: tuple[Link, ...]
    """The breadcrumb, from the front page to the product's category."""
    lead: str
    """Safe HTML: the lead paragraph; '' if the description does not have our structure."""
    facts: str
    """Safe HTML: material, size, care; the whole description if there is no lead."""
    pictures: tuple[Picture, ...]
    """At least one; those of the chosen variant first."""
    options: tuple[OptionView, ...]
    selected: VariantView
    delivery: tuple[DeliveryView, ...]
    category: Link | None
    related: tuple[Card, ...]
    json_ld: tuple[str, ...]
    """For <script type="application/ld+json">, with '<' escaped."""
    reviews: ReviewsView | None = None
    """None if nobody has written any."""
    promise: Promise | None = None
    """The delivery; None if no day is known."""
    takes_alerts: bool = False
    """Whether one can ask to be told when it is back."""
    error: str = ""
    """Why an add without JavaScript was refused; '' if none was."""
    quantity: str = "1"
    """The text of the quantity field: as typed, after a refused add."""


AlertState = Literal["asked", "pending", "confirmed", "stopped"]


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a request to be told when something is back."""

    shell: Shell
    state: AlertState
    item: Link
    """The product with its chosen variant."""
    email: str
    """As typed, if it was refused."""
    sku: str
    """Of the form that asks again; '' without one."""
    error: str
    """Why the address was refused; '' if it was not."""
    path: str
    """Where the buttons post to."""
    sends_email: bool


class RecentView(msgspec.Struct, frozen=True):
    """The cards of recently viewed products."""

    cards: tuple[Card, ...]


class SearchView(msgspec.Struct, frozen=True):
    """The search panel; all fields are empty if nothing was typed."""

    q: str
    cards: tuple[Card, ...] = ()
    categories: tuple[Link, ...] = ()
    """Categories whose name contains the typed text."""
    total: int = 0
    at_least: bool = False
    """Whether there are more than `total`."""
    all_url: str = "/"
    answer: Answer = Answer()
