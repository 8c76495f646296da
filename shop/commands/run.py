"""`shop run`: prepares the database and serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shop.errors import ConfigurationError
from shop.settings import Settings, hand_down_secret

if TYPE_CHECKING:
    from shop.parts import Parts


@click.command()
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any free one (PORT).")
@click.option("--workers", type=click.IntRange(1), help="Processes that serve (WORKERS).")
@click.option("--reload", is_flag=True, help="Start again when the source changes.")
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
    asyncio.run(_prepare(settings))
    for finding in asyncio.run(before_opening(settings)):
        click.echo(f"shop: {finding}", err=True)
    with listen(settings.host, settings.port) as socket:
        serve(hand_down_secret(settings), socket, reload=reload)


async def _prepare(settings: Settings) -> None:
    """Migrate, and load the demo catalogue and its coupons into an empty database."""
    from shop.parts import opened

    async with opened(settings, prepare=True, patient=True) as parts:
        if await parts.catalog.is_empty():
            await _load_demo(parts)


async def _load_demo(parts: Parts) -> None:
    from shop.commands.catalog import import_demo

    report = await import_demo(parts)
    click.echo(f"The demo catalogue is loaded: {report.added} products.")
