"""`shop run`: migrates the database and serves the shop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shop.errors import ConfigurationError
from shop.settings import Settings, export_secret, known_names, read_env_file

if TYPE_CHECKING:
    from shop.parts import Parts


EMPTY = (
    "The catalogue is empty. Import products with `shop catalog import FILE`, or start with `shop run --demo` for "
    "invented ones. If there should be products, check DATABASE_URL."
)


@click.command()
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any free one (PORT).")
@click.option("--workers", type=click.IntRange(1), help="Number of worker processes (WORKERS).")
@click.option("--demo/--no-demo", default=None, help="Whether to fill an empty catalogue with the demo (DEMO).")
@click.option("--reload", is_flag=True, help="Restart when a source file changes.")
def run(reload: bool, **options: Any) -> None:
    """Migrate the database and serve the shop.

    An empty catalogue is filled with the demo if it is a SQLite file and PUBLIC_URL is not set, or with --demo.
    """
    from shop.logs import configure
    from shop.metrics.collector import collecting
    from shop.operations.startup import startup_findings
    from shop.serving import listen, serve

    overrides = {name: value for name, value in options.items() if value is not None}
    settings = msgspec.structs.replace(Settings.from_env(), **overrides)
    if settings.workers > 1 and not settings.redis_url:
        raise ConfigurationError(
            f"{settings.workers} workers need REDIS_URL: without it, each worker keeps its own carts in memory, and a "
            "shopper would see a different cart at every click. Set REDIS_URL, or use one worker."
        )
    configure(settings)
    asyncio.run(_prepare(settings))
    for name in sorted(read_env_file(Path(".env")).keys() - known_names()):
        click.echo(f"shop: .env sets {name}, which is not a setting of the shop.", err=True)
    for finding in asyncio.run(startup_findings(settings)):
        click.echo(f"shop: {finding}", err=True)
    with listen(settings.host, settings.port) as socket, collecting(settings):
        serve(export_secret(settings), socket, reload=reload)


async def _prepare(settings: Settings) -> None:
    """Migrate the database, and load the demo catalogue and its coupons into an empty one if that is wanted."""
    from shop.parts import opened

    async with opened(settings, prepare=True, long_running=True) as parts:
        if not await parts.catalog.is_empty():
            return
        if settings.opens_with_demo:
            await _load_demo(parts)
        else:
            click.echo(f"shop: {EMPTY}", err=True)


async def _load_demo(parts: Parts) -> None:
    from shop.commands.catalog import import_demo

    report = await import_demo(parts)
    click.echo(f"Demo catalogue loaded: {report.added} products.")
