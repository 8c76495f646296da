#!/usr/bin/env python3
"""Print the path of a working Chromium for the browser tests; install one if there is none.

Search order: CHROMIUM_PATH, a Chromium or Chrome on the PATH, Playwright's earlier download. If none of them starts,
install the distribution's package on Debian as root, because it includes the system libraries; then try Playwright's
own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FETCH_SECONDS = 240

APT = (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"))
DOWNLOAD = ((sys.executable, "-m", "playwright", "install", "chromium"),)


def candidates() -> Iterator[str]:
    """Existing paths of possible browsers, best first."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    for path in (os.environ.get("CHROMIUM_PATH"), *map(shutil.which, NAMES), own):
        if path and Path(path).exists():
            yield path


def starts(path: str) -> bool:
    """Whether the browser at this path starts and closes."""
    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=30_000).close()
        except Error as error:
            print(f"{path} does not start: {str(error).splitlines()[0]}", file=sys.stderr)
            return False
    return True


def found() -> str | None:
    """The first browser that starts."""
    return next(filter(starts, candidates()), None)


def fetch(commands: tuple[tuple[str, ...], ...]) -> None:
    """Run the commands in order until one fails; their output goes to stderr."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}
    for command in commands:
        print(f"No browser for the tests yet: {' '.join(command)}", file=sys.stderr)
        try:
            subprocess.run(
                command, check=True, timeout=FETCH_SECONDS, env=environment, stdin=DEVNULL, stdout=sys.stderr
            )
        except (subprocess.SubprocessError, OSError) as error:
            print(error, file=sys.stderr)
            return


def is_debian_root() -> bool:
    """Whether apt-get can install a browser. Not on Ubuntu, whose package is a snap, which fails in a container."""
    release = Path("/etc/os-release")
    return os.geteuid() == 0 and release.exists() and "ID=debian" in release.read_text().splitlines()


def main() -> int:
    """Print the path on stdout; if there is no browser, print advice on stderr and return 1."""
    path = found()
    for commands in (*((APT,) if is_debian_root() else ()), DOWNLOAD):
        if path is None:
            fetch(commands)
            path = found()
    if path is None:
        print(
            "The browser tests need Chromium or Chrome. Install one, or set CHROMIUM_PATH to its path.", file=sys.stderr
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
