"""`shop reviews`: imports, lists and removes reviews of products."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO

import click

from shop.commands.terminal import harmless
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.catalog.model import Review
    from shop.catalog.writing.reviews import ReviewReport


@click.group()
def reviews() -> None:
    """Import, list and remove reviews of products."""


@reviews.command("import")
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO) -> None:
    """Import reviews from FILE (- for standard input): CSV or JSON in UTF-8.

    Columns: product_handle, rating (1 to 5), title, body, reviewer_name, review_date (2026-11-30). Others are ignored.
    The import is all or nothing; importing a file twice changes nothing.
    """
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError("The file is not text in UTF-8.") from error
    report = asyncio.run(_import(Settings.from_env(), text))
    click.echo(f"{report.added} added, {report.known} known already.")


@reviews.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, the latest first.")
def list_(limit: int) -> None:
    """List the latest reviews."""
    for number, review in asyncio.run(_latest(Settings.from_env(), limit)):
        words = f"{review.rating}/5  {review.author}: {review.title or review.text[:60]}"
        click.echo(f"{number}  {review.day}  {harmless(review.handle)}  {harmless(words)}")


@reviews.command()
@click.argument("id", metavar="ID")
def remove(id: str) -> None:  # noqa: A002 - the argument's name
    """Remove the review with this ID."""
    asyncio.run(_remove(Settings.from_env(), id))


async def _import(settings: Settings, text: str) -> ReviewReport:
    from shop.catalog.writing.reviews import read_reviews
    from shop.parts import opened

    found = read_reviews(text)
    async with opened(settings, prepare=True, long_running=True) as parts:
        return await parts.review_book.add(found)


async def _latest(settings: Settings, limit: int) -> list[tuple[str, Review]]:
    from shop.parts import opened

    async with opened(settings) as parts:
        return await parts.review_book.latest(limit)


async def _remove(settings: Settings, number: str) -> None:
    from shop.parts import opened

    async with opened(settings, prepare=True) as parts:
        await parts.review_book.remove(number)
