"""Opens the cart stores for commands: each store directly, bypassing the standby of a running shop."""

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
    """The stores in the settings: setting name -> URL, the store of live carts first.

    Raises ConfigurationError if all carts are in the memory of the shop's own process.
    """
    given = {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url if settings.cart_archive else "",
        "CART_MOVE_FROM": settings.cart_move_from,
    }
    if named := {name: url for name, url in given.items() if url}:
        return named
    raise ConfigurationError(
        "Without REDIS_URL, carts are in the memory of the shop's process, where no other process can reach them. "
        "Set REDIS_URL to the store that the shop uses, or name a store with --url."
    )


@asynccontextmanager
async def opened(name: str, url: str, settings: Settings, *, to_write: bool = False) -> AsyncIterator[CartService]:
    """Open the store at a URL; messages call it `name`. `to_write` migrates a database first and pings the store.

    Raises ConfigurationError and StoreUnavailable.
    """
    in_sql = url.startswith(("sqlite", "postgres"))
    if in_sql and to_write:
        await _prepare(url)
    elif in_sql:
        _require_file(name, url)
    ttl = settings.cart_archive_ttl if in_sql else settings.cart_ttl
    store = open_store(url, limits=limits_of(settings), ttl=ttl, name=name, patience=settings.redis_patience)
    try:
        await store.start()
        if to_write:
            await _check_writable(name, store)
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def all_opened(urls: dict[str, str], settings: Settings) -> AsyncIterator[dict[str, CartService]]:
    """Open the stores at these URLs: name -> store. Raises ConfigurationError and StoreUnavailable."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(opened(name, url, settings)) for name, url in urls.items()}


async def _prepare(url: str) -> None:
    """Migrate a database to the schema of this release."""
    from shop.database import migrate

    await migrate(url)


async def _check_writable(name: str, store: CartService) -> None:
    """Raise StoreUnavailable if the store would not accept a change now."""
    try:
        await store.ping()
    except StoreUnavailable as error:
        raise type(error)(f"{name}: {error}") from error


def _require_file(name: str, url: str) -> None:
    """Raise ConfigurationError if a database file is missing: SQLite would create an empty one."""
    file = urlsplit(url).path.removeprefix("/")
    if url.startswith("sqlite") and not Path(file).is_file():
        raise ConfigurationError(f"{name}: the database file {file} does not exist.")
