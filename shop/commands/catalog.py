"""`shop catalog`: imports, exports and lists products."""

from __future__ import annotations

import asyncio
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import click

from shop.commands.terminal import user
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.catalog.writing.importing import Report
    from shop.parts import Parts


@click.group()
def catalog() -> None:
    """Import, export and list products."""


@catalog.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--currency", help="Currency (ISO 4217) of prices without one; by default the shop's (CURRENCY).")
@click.option("--replace", is_flag=True, help="Also remove products that are not in the file.")
@click.option("--stock", is_flag=True, help="Also set what is on hand of products that the shop has already.")
def import_(file: BinaryIO, currency: str | None, replace: bool, stock: bool) -> None:
    """Import products from FILE (- for standard input): Shopify's CSV or Online Boutique's products.json.

    The import is all or nothing: if any row is invalid, the command lists every invalid row with its line number.
    Importing a file twice changes nothing.

    The stock of products that the shop has already is left alone. With --stock, the file's quantities are what is on
    hand; of an exported file, what you changed since the export is added to what is on hand now.
    """
    from shop.catalog.importers.fields import currency as code_of

    try:
        code = code_of(currency) if currency else ""
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--currency") from error
    report = asyncio.run(_import(Settings.from_env(), cast("BufferedReader", file), code, replace=replace, stock=stock))
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.removed} removed."
    )
    if report.stock_left:
        click.echo(
            f"The stock of {report.stock_left} skus differs from the file and was left alone; see --stock.", err=True
        )


@catalog.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(file: TextIO) -> None:
    """Write all products to FILE (by default standard output) as Shopify's product CSV."""
    count = asyncio.run(_export(Settings.from_env(), file))
    click.echo(f"{count} products written.", err=True)


@catalog.command("list")
@click.option("--q", default="", help="Search terms.")
@click.option("--category", default="", help="A category's slug.")
@click.option("--page", default=1, type=click.IntRange(1))
def list_(**query: Any) -> None:
    """List published products in the order of the shop's grid, one page at a time."""
    asyncio.run(_list(Settings.from_env(), query))


@catalog.command()
def demo() -> None:
    """Load the demo catalogue and its coupons."""
    report = asyncio.run(_demo(Settings.from_env()))
    click.echo(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged.")


@catalog.command()
def reindex() -> None:
    """Rebuild the search index, so that search finds translations added since the import."""
    count = asyncio.run(_reindex(Settings.from_env()))
    click.echo(f"{count} products indexed.")


async def import_demo(parts: Parts) -> Report:
    """Import the demo catalogue, and add its coupons unless their codes are taken. `shop run` calls it too."""
    from shop.catalog.demo import CATALOG
    from shop.checkout.pricing.coupons import demo_coupons

    await parts.coupons.add(demo_coupons())
    with CATALOG.open("rb") as file:
        return await _import_file(parts, file, "EUR")


async def _import_file(
    parts: Parts, file: BufferedReader, currency: str, *, replace: bool = False, stock: bool = False
) -> Report:
    from shop.catalog.writing.importing import CatalogImport
    from shop.commands.progress import shown

    with shown(file) as progress:
        catalog_import = CatalogImport(
            parts.database,
            parts.settings.currency,
            parts.rates,
            replace=replace,
            stock=stock,
            who=user(),
            progress=progress,
        )
        return await catalog_import.run(file, currency)


async def _import(settings: Settings, file: BufferedReader, currency: str, *, replace: bool, stock: bool) -> Report:
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        return await _import_file(parts, file, currency, replace=replace, stock=stock)


async def _demo(settings: Settings) -> Report:
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        return await import_demo(parts)


async def _reindex(settings: Settings) -> int:
    from shop.catalog.writing.importing import CatalogImport
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        return await CatalogImport(parts.database, settings.currency, parts.rates).reindex()


async def _export(settings: Settings, file: TextIO) -> int:
    from shop.catalog.writing.export import export_catalog
    from shop.parts import opened

    async with opened(settings, long_running=True) as parts:
        return await export_catalog(parts.catalog.everything(), file)


async def _list(settings: Settings, query: dict[str, Any]) -> None:
    from shop.catalog.model import Query
    from shop.parts import opened

    async with opened(settings) as parts:
        page = await parts.catalog.page(Query(**query))
    for listing in page.listings:
        stock = "no limit" if listing.stock is None else str(listing.stock)
        click.echo("\t".join((listing.handle, listing.title, listing.category, listing.price.format(), stock)))
    click.echo(f"Page {page.query.page} of {page.pages}, {page.total} products.", err=True)
