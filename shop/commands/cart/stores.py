"""The stores of carts as a command reaches them: one by one, past the standby of a running shop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from shop.cart.connect import limits_of, open_store
from shop.cart.service import CartService
from shop.errors import ConfigurationError, StoreUnavailable
from shop.settings import Settings


def configured(settings: Settings) -> dict[str, str]:
    """The URL of each store that the settings name, by the name of the setting; the one of live carts first.

    Raises ConfigurationError where all carts are in the memory of the shop's own process.
    """
    given = {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url if settings.cart_archive else "",
        "CART_MOVE_FROM": settings.cart_move_from,
    }
    if named := {name: url for name, url in given.items() if url}:
        return named
    raise ConfigurationError(
        "Without REDIS_URL carts are in the memory of the shop's own process, where no other can reach them. "
        "Set REDIS_URL to what the shop uses, or name a store with --url."
    )


@asynccontextmanager
async def opened(name: str, url: str, settings: Settings, *, to_write: bool = False) -> AsyncIterator[CartService]:
    """The store at a URL that messages call `name`. `to_write`: a database is prepared, and the store tried out.

    Raises ConfigurationError and StoreUnavailable.
    """
    in_sql = url.startswith(("sqlite", "postgres"))
    if in_sql and to_write:
        await _prepare(url)
    elif in_sql:
        _must_be_there(name, url)
    ttl = settings.cart_archive_ttl if in_sql else settings.cart_ttl
    store = open_store(url, limits=limits_of(settings), ttl=ttl, name=name)
    try:
        await store.start()
        if to_write:
            await _try_out(name, store)
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def all_opened(urls: dict[str, str], settings: Settings) -> AsyncIterator[dict[str, CartService]]:
    """The stores at these URLs, by their names."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(opened(name, url, settings)) for name, url in urls.items()}


async def _prepare(url: str) -> None:
    """Give a database the tables of this version."""
    from shop.database import migrate

    await migrate(url)


async def _try_out(name: str, store: CartService) -> None:
    """Raise StoreUnavailable for a store that would not take a change now."""
    try:
        await store.ping()
    except StoreUnavailable as error:
        raise type(error)(f"{name}: {error}") from error


def _must_be_there(name: str, url: str) -> None:
    """Raise ConfigurationError for a database file that is not there: SQLite would begin an empty one."""
    file = urlsplit(url).path.removeprefix("/")
    if url.startswith("sqlite") and not Path(file).is_file():
        raise ConfigurationError(f"{name}: there is no database file {file}.")
