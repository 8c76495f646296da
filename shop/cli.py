"""The `shop` command. Each command imports what it needs when it runs, so that all of them start at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar, cast

import click
import msgspec

from shop import __version__
from shop.commands.cart.group import cart
from shop.commands.coupons import coupons
from shop.commands.demo import demo as demonstration
from shop.commands.doctor import doctor
from shop.commands.loadtest import loadtest
from shop.commands.orders.group import orders
from shop.commands.outbox import outbox
from shop.errors import ConfigurationError, ImportRefused, ShopError
from shop.settings import Settings, hand_down_secret

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from shop.catalog.writing.importing import Report

T = TypeVar("T")


def main() -> None:
    """Run the command line. An error is told in plain words; the exit status of a wrong setting is 2, of others 1."""
    try:
        cli(prog_name="shop")
    except ShopError as error:
        for row in error.rows if isinstance(error, ImportRefused) else ():
            click.echo(row, err=True)
        click.echo(f"shop: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shop")
def cli() -> None:
    """A shop. `shop run` opens it."""


@cli.command()
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any free one (PORT).")
@click.option("--workers", type=click.IntRange(1), help="Processes that serve (WORKERS).")
@click.option(
    "--reload", is_flag=True, help="Start again when code, templates, styles, scripts or translations change."
)
def run(reload: bool, **given: Any) -> None:
    """Prepare the database, load the demo catalogue into an empty one, and serve."""
    from shop.operations.opening import before_opening
    from shop.serving import listen, serve

    named = {name: value for name, value in given.items() if value is not None}
    settings = msgspec.structs.replace(Settings.from_env(), **named)
    if settings.workers > 1 and not settings.redis_url:
        raise ConfigurationError(
            f"{settings.workers} workers need REDIS_URL: without it each worker keeps carts in its own memory, "
            "and a shopper would see another cart at every click. Set REDIS_URL, or use one worker."
        )
    _run(_open(settings))
    for finding in _run(before_opening(settings)):
        click.echo(f"shop: {finding}", err=True)
    with listen(settings.host, settings.port) as socket:
        serve(hand_down_secret(settings), socket, reload=reload)


@cli.group()
def catalog() -> None:
    """Import, export and list products."""


@catalog.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--currency", help="Currency (ISO 4217) of prices that name none; by default the shop's (CURRENCY).")
@click.option("--replace", is_flag=True, help="Also take out the products that the file does not have.")
def import_(file: BinaryIO, currency: str | None, replace: bool) -> None:
    """Import products from FILE (- for standard input): Shopify's CSV or Online Boutique's products.json.

    All of it or nothing: every row that cannot be imported is named with its line. Importing a file twice
    changes nothing.
    """
    from shop.catalog.importers.fields import currency as code_of

    try:
        code = code_of(currency) if currency else ""
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--currency") from error
    report = _run(_import(Settings.from_env(), cast("BufferedReader", file), code, replace=replace))
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.removed} removed."
    )


@catalog.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(file: TextIO) -> None:
    """Write all products to FILE (by default standard output) as Shopify's product CSV."""
    count = _run(_export(Settings.from_env(), file))
    click.echo(f"{count} products written.", err=True)


@catalog.command("list")
@click.option("--q", default="", help="Words to search for.")
@click.option("--category", default="", help="A category's slug.")
@click.option("--page", default=1, type=click.IntRange(1))
def list_(**query: Any) -> None:
    """List published products as the shop's grid does, a page at a time."""
    _run(_list(Settings.from_env(), query))


@catalog.command()
def demo() -> None:
    """Load the demo catalogue and its coupons."""
    from shop.catalog.demo import CATALOG

    settings = Settings.from_env()
    with CATALOG.open("rb") as file:
        report = _run(_import(settings, file, "EUR", replace=False))
    _run(_add_demo_coupons(settings))
    click.echo(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged.")


@catalog.command()
def reindex() -> None:
    """Make the search find what was translated since the products were imported."""
    count = _run(_reindex(Settings.from_env()))
    click.echo(f"{count} products indexed.")


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise click.Abort from None


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """An engine on the migrated database, without a time-out of statements."""
    from shop.database import create_engine, migrate

    await migrate(settings.database_url)
    engine = create_engine(settings.database_url, patient=True)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _open(settings: Settings) -> None:
    """Migrate, and load the demo catalogue and its coupons into an empty database."""
    from shop.catalog.reading.repository import CatalogRepository

    async with _database(settings) as engine:
        if not await CatalogRepository(engine, settings.currency).is_empty():
            return
    from shop.catalog.demo import CATALOG

    await _add_demo_coupons(settings)
    with CATALOG.open("rb") as file:
        report = await _import(settings, file, "EUR", replace=False)
    click.echo(f"The demo catalogue is loaded: {report.added} products.")


async def _add_demo_coupons(settings: Settings) -> None:
    """Add those whose codes are free."""
    from shop.catalog.exchange_rates import read_rates
    from shop.checkout.pricing.coupons import Coupons, demo_coupons

    async with _database(settings) as engine:
        await Coupons(engine, read_rates(settings.exchange_rates)).add(demo_coupons())


async def _import(settings: Settings, file: BufferedReader, currency: str, *, replace: bool) -> Report:
    from shop.catalog.exchange_rates import read_rates
    from shop.catalog.writing.importing import CatalogImport
    from shop.commands.progress import shown

    rates = read_rates(settings.exchange_rates)
    async with _database(settings) as engine:
        with shown(file) as progress:
            importing = CatalogImport(engine, settings.currency, rates, replace=replace, progress=progress)
            return await importing.run(file, currency)


async def _reindex(settings: Settings) -> int:
    from shop.catalog.exchange_rates import read_rates
    from shop.catalog.writing.importing import CatalogImport

    async with _database(settings) as engine:
        return await CatalogImport(engine, settings.currency, read_rates(settings.exchange_rates)).reindex()


async def _export(settings: Settings, file: TextIO) -> int:
    from shop.catalog.reading.repository import CatalogRepository
    from shop.catalog.writing.export import export_catalog

    async with _database(settings) as engine:
        return await export_catalog(CatalogRepository(engine, settings.currency).everything(), file)


async def _list(settings: Settings, query: dict[str, Any]) -> None:
    from shop.catalog.model import Query
    from shop.catalog.reading.repository import CatalogRepository

    async with _database(settings) as engine:
        page = await CatalogRepository(engine, settings.currency).page(Query(**query))
    for listing in page.listings:
        stock = "no limit" if listing.stock is None else str(listing.stock)
        click.echo("\t".join((listing.handle, listing.title, listing.category, listing.price.format(), stock)))
    total = f"more than {page.total}" if page.more else str(page.total)
    click.echo(f"Page {page.query.page} of {page.pages}, {total} products.", err=True)


cli.add_command(demonstration)
cli.add_command(cart)
cli.add_command(orders)
cli.add_command(coupons)
cli.add_command(outbox)
cli.add_command(doctor)
cli.add_command(loadtest)

if __name__ == "__main__":
    main()
