"""`make validate`: what the W3C's Nu Html Checker says of every document that a walk through all states brings."""

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
    """Print each message on a document of all states, or of those that are named; 1 where there is one."""
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
    """Write every document to the folder, as it was sent and as it stands in the end; return how many."""
    with open_shop() as shop, visits(shop.url) as visit:
        for state in states:
            sent: list[Response] = []
            page = visit(state, seen=listener(sent))
            bodies = [response.text() for response in sent[-1:]] + [page.content()]
            for number, body in enumerate(bodies):
                (folder / f"{state}-{number}.html").write_text(body)
    return len(list(folder.iterdir()))


def listener(sent: list[Response]) -> Callable[[Page], None]:
    """Notes the documents that a page is sent, but for redirects."""

    def hear(response: Response) -> None:
        if response.request.resource_type == "document" and response.status not in (204, 303):
            sent.append(response)

    return lambda page: page.on("response", hear)


def check(folder: Path) -> list[dict[str, Any]]:
    """The checker's messages: errors and warnings."""
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
