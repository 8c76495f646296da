"""`shop catalog`: imports, exports and lists products."""

from __future__ import annotations

import asyncio
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import click

from shop.settings import Settings

if TYPE_CHECKING:
    from shop.catalog.writing.importing import Report
    from shop.parts import Parts


@click.group()
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
    report = asyncio.run(_import(Settings.from_env(), cast("BufferedReader", file), code, replace=replace))
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.removed} removed."
    )


@catalog.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(file: TextIO) -> None:
    """Write all products to FILE (by default standard output) as Shopify's product CSV."""
    count = asyncio.run(_export(Settings.from_env(), file))
    click.echo(f"{count} products written.", err=True)


@catalog.command("list")
@click.option("--q", default="", help="Words to search for.")
@click.option("--category", default="", help="A category's slug.")
@click.option("--page", default=1, type=click.IntRange(1))
def list_(**query: Any) -> None:
    """List published products as the shop's grid does, a page at a time."""
    asyncio.run(_list(Settings.from_env(), query))


@catalog.command()
def demo() -> None:
    """Load the demo catalogue and its coupons."""
    report = asyncio.run(_demo(Settings.from_env()))
    click.echo(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged.")


@catalog.command()
def reindex() -> None:
    """Make the search find what was translated since the products were imported."""
    count = asyncio.run(_reindex(Settings.from_env()))
    click.echo(f"{count} products indexed.")


async def import_demo(parts: Parts) -> Report:
    """Import the demo catalogue, and add those of its coupons whose codes are free."""
    from shop.catalog.demo import CATALOG
    from shop.checkout.pricing.coupons import demo_coupons

    await parts.coupons.add(demo_coupons())
    with CATALOG.open("rb") as file:
        return await _read_in(parts, file, "EUR", replace=False)


async def _read_in(parts: Parts, file: BufferedReader, currency: str, *, replace: bool) -> Report:
    from shop.catalog.writing.importing import CatalogImport
    from shop.commands.progress import shown

    with shown(file) as progress:
        importing = CatalogImport(
            parts.database, parts.settings.currency, parts.rates, replace=replace, progress=progress
        )
        return await importing.run(file, currency)


async def _import(settings: Settings, file: BufferedReader, currency: str, *, replace: bool) -> Report:
    from shop.parts import opened

    async with opened(settings, prepare=True, patient=True) as parts:
        return await _read_in(parts, file, currency, replace=replace)


async def _demo(settings: Settings) -> Report:
    from shop.parts import opened

    async with opened(settings, prepare=True, patient=True) as parts:
        return await import_demo(parts)


async def _reindex(settings: Settings) -> int:
    from shop.catalog.writing.importing import CatalogImport
    from shop.parts import opened

    async with opened(settings, prepare=True, patient=True) as parts:
        return await CatalogImport(parts.database, settings.currency, parts.rates).reindex()


async def _export(settings: Settings, file: TextIO) -> int:
    from shop.catalog.writing.export import export_catalog
    from shop.parts import opened

    async with opened(settings, patient=True) as parts:
        return await export_catalog(parts.catalog.everything(), file)


async def _list(settings: Settings, query: dict[str, Any]) -> None:
    from shop.catalog.model import Query
    from shop.parts import opened

    async with opened(settings) as parts:
        page = await parts.catalog.page(Query(**query))
    for listing in page.listings:
        stock = "no limit" if listing.stock is None else str(listing.stock)
        click.echo("\t".join((listing.handle, listing.title, listing.category, listing.price.format(), stock)))
    total = f"more than {page.total}" if page.more else str(page.total)
    click.echo(f"Page {page.query.page} of {page.pages}, {total} products.", err=True)
