"""`make validate`: runs the W3C's Nu Html Checker on every document received in all states."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, Response

from tests.audits.open_shop import open_shop
from tests.audits.visits import visits
from tests.e2e.states import STATES

CHECKER = Path(__file__).with_name("node_modules") / "vnu-jar" / "build" / "dist" / "vnu.jar"


def main() -> int:
    """Print the messages on the documents of all states, or of the given ones. Returns 1 if there are any."""
    parser = argparse.ArgumentParser()
    parser.add_argument("states", nargs="*", default=[*STATES])
    states = parser.parse_args().states
    with TemporaryDirectory() as folder:
        count = gather(Path(folder), states)
        messages = check(Path(folder))
    for message in messages:
        where = f"{message['url'].rpartition('/')[2]}:{message.get('lastLine', '?')}"
        print(f"{where}: {message['type']}: {message['message']}\n    {message.get('extract', '').strip()}")
    print(f"{count} documents in {len(states)} states, {len(messages)} messages")
    return bool(messages)


def gather(folder: Path, states: Sequence[str]) -> int:
    """Write every document to the folder, as received and as the final DOM. Returns how many."""
    with open_shop() as shop, visits(shop.url) as visit:
        for state in states:
            sent: list[Response] = []
            page = visit(state, seen=listener(sent))
            bodies = [response.text() for response in sent[-1:]] + [page.content()]
            for number, body in enumerate(bodies):
                (folder / f"{state}-{number}.html").write_text(body)
    return len(list(folder.iterdir()))


def listener(sent: list[Response]) -> Callable[[Page], None]:
    """Records the documents that a page receives, except redirects."""

    def hear(response: Response) -> None:
        if response.request.resource_type == "document" and response.status not in (204, 303):
            sent.append(response)

    return lambda page: page.on("response", hear)


def check(folder: Path) -> list[dict[str, Any]]:
    """The errors and warnings of the checker."""
    done = subprocess.run(
        ["java", "-jar", str(CHECKER), "--format", "json", *map(str, sorted(folder.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(done.stderr)["messages"]
    return [message for message in found if message["type"] == "error" or message.get("subType") == "warning"]


if __name__ == "__main__":
    sys.exit(main())
