"""What the templates of a grid and of the front page are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import Card, DeliveryView, Link, Picture, Price, Shell


class Choice(msgspec.Struct, frozen=True):
    """A facet's value: its link adds it to the listing, or takes it away where it is selected."""

    label: str
    url: str
    count: int
    selected: bool
    name: str
    value: str
    swatch: str = ""
    """Which colour of static/css/shop/swatch.css it is, '' for none."""


class FacetView(msgspec.Struct, frozen=True):
    """A way to narrow the listing."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    multiple: bool = True
    """Whether several choices may be made at once (checkboxes) or one (radio buttons)."""


class Pager(msgspec.Struct, frozen=True):
    """Pages of a listing; `links` has the first, the last and those around the current one, None for a gap."""

    page: int
    pages: int
    previous_url: str
    next_url: str
    links: tuple[Link | None, ...]


class Tile(msgspec.Struct, frozen=True):
    """A place to go, as a picture."""

    label: str
    url: str
    picture: Picture


class HomeView(msgspec.Struct, frozen=True):
    """What the front page shows above its grid, all of it taken from the page of the grid itself."""

    scene: Picture
    story: Picture
    categories: tuple[Tile, ...]
    featured: tuple[Card, ...]
    small: tuple[Card, ...]
    """The least dear things, the least dear first; none where there are too few to choose from."""


class GridView(msgspec.Struct, frozen=True):
    """A grid: the front page, a category, or what a search found."""

    shell: Shell
    front: bool
    """The front page proper: nothing searched, nothing chosen, page 1."""
    heading: str
    total: int
    """Products found."""
    cards: tuple[Card, ...]
    facets: tuple[FacetView, ...]
    chosen: tuple[Link, ...]
    """What narrows the listing now; each link takes it away."""
    sorts: tuple[Choice, ...]
    pager: Pager
    category: str
    """The category's slug, '' for all."""
    reset_url: str
    """The listing with nothing chosen."""
    more: bool = False
    """There are more than `total`: too many to count."""
    home: HomeView | None = None
    """On the front page."""
    json_ld: tuple[str, ...] = ()
    """For <script type="application/ld+json">, with '<' escaped."""


class OptionValue(msgspec.Struct, frozen=True):
    """A value of an option."""

    value: str
    selected: bool
    available: bool
    url: str = ""
    """The product page with this value chosen and the other options as they are; '' where no such variant is."""
    swatch: str = ""
    """What its colour is called in the style sheet: 'moss'; '' where it is no colour that we know."""


class OptionView(msgspec.Struct, frozen=True):
    """An option of a product, such as Colour."""

    name: str
    values: tuple[OptionValue, ...]


class VariantView(msgspec.Struct, frozen=True):
    """The variant that the page shows."""

    sku: str
    price: Price
    stock: str
    """'' while there is plenty; else 'Only 3 left', 'Sold out', or that the last ones are in another cart."""
    sold_out: bool
    max_quantity: int


class ProductView(msgspec.Struct, frozen=True):
    """A product page."""

    shell: Shell
    handle: str
    title: str
    trail: tuple[Link, ...]
    """The way here, from the front page to the product's category."""
    lead: str
    """Safe HTML: the paragraph to read first; '' where the description is of another form than ours."""
    facts: str
    """Safe HTML: material, size, care; the whole description where there is no lead."""
    pictures: tuple[Picture, ...]
    """At least one; those of the chosen variant first."""
    options: tuple[OptionView, ...]
    selected: VariantView
    delivery: tuple[DeliveryView, ...]
    category: Link | None
    related: tuple[Card, ...]
    json_ld: tuple[str, ...]
    """For <script type="application/ld+json">, with '<' escaped."""
    error: str = ""
    """Why the last add was refused, without JavaScript."""
    quantity: str = "1"
    """What the quantity field holds: as it was typed, where an add was refused."""


class RecentView(msgspec.Struct, frozen=True):
    """Products that were looked at lately."""

    cards: tuple[Card, ...]


class SearchView(msgspec.Struct, frozen=True):
    """The panel; all of it empty where nothing was typed."""

    q: str
    cards: tuple[Card, ...] = ()
    categories: tuple[Link, ...] = ()
    """Those whose name holds what was typed."""
    total: int = 0
    more: bool = False
    """There are more than `total`: too many to count."""
    all_url: str = "/"
