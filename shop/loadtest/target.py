"""Reads the products of the tested shop before the run."""

from __future__ import annotations

from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from shop.errors import ShopError
from shop.loadtest.shoppers.pages import addresses_in

ANSWER_SECONDS = 10.0
MAX_PRODUCTS = 2_000
_PRODUCT = "/product/"


def handles_of(url: str) -> tuple[str, ...]:
    """The handles of the products in the shop's sitemap. Raises ShopError if no shop answers, or it has no products."""
    addresses = addresses_in(_read(f"{url}/sitemap.xml"))
    if addresses and not any(_PRODUCT in address for address in addresses):
        addresses = addresses_in(_read(url + _local(addresses[0])))  # a large catalogue's sitemap lists its parts
    paths = [urlsplit(address).path for address in addresses]
    handles = [unquote(path.removeprefix(_PRODUCT)) for path in paths if path.startswith(_PRODUCT)]
    if not handles:
        raise ShopError(f"The shop at {url} has no products. Run 'shop catalog demo', or import products.")
    return tuple(handles[:MAX_PRODUCTS])


def _read(url: str) -> str:
    try:
        with urlopen(url, timeout=ANSWER_SECONDS) as reply:  # noqa: S310 - http and https, of the given host
            return str(reply.read().decode())
    except (URLError, OSError, ValueError) as error:
        raise ShopError(f"No shop answers at {url} ({error}). Start one with 'shop run', or set --url.") from error


def _local(address: str) -> str:
    where = urlsplit(address)
    return f"{where.path}?{where.query}" if where.query else where.path
