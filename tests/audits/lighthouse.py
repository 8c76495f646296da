"""`make lighthouse`: scores and failed audits of home, grid, product and cart on a phone with a slow network.

Uses Lighthouse's default phone settings: the screen of a Moto G Power, a processor four times slower than this one,
simulated 150 ms and 1.6 Mbit/s. Of an odd number of runs, the run with the median LCP counts, because machines are
noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from tests.audits.open_shop import open_shop

PAGES = {"home": "/", "grid": "/?category=tableware", "product": "/product/tide-mug", "cart": "/cart"}
CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
    "seo": "SEO",
}
PROGRAM = Path(__file__).with_name("node_modules") / ".bin" / "lighthouse"
CHROMIUM = "--headless=new --no-sandbox --disable-background-networking --disable-component-update --no-first-run"

Report = dict[str, Any]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("pages", nargs="*", default=[*PAGES])
    chosen = parser.parse_args()
    with open_shop(public=True) as shop:
        cookie = cart_cookie(shop.url)
        reports = {
            name: middle([look(shop.url + PAGES[name], cookie) for _ in range(chosen.runs)]) for name in chosen.pages
        }
    console = Console()
    console.print(scores(reports))
    for name, report in reports.items():
        for missed in lost_points(report):
            console.print(f"{name}: {missed}")


def cart_cookie(url: str) -> str:
    """The cookies of a shopper with two items in the cart."""
    with httpx.Client(base_url=url) as client:
        for handle in ("keel-pan", "cove-teapot"):
            client.post("/cart", data={"product_id": handle})
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def look(url: str, cookie: str) -> Report:
    """Lighthouse's JSON report of a page. Retries once, because Chromium's trace sometimes lacks its beginning."""
    try:
        return _look(url, cookie)
    except subprocess.CalledProcessError:
        return _look(url, cookie)


def _look(url: str, cookie: str) -> Report:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run(
            [
                str(PROGRAM), url, "--quiet", "--output=json", f"--output-path={file.name}",
                f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={CHROMIUM}",
                f"--extra-headers={json.dumps({'Cookie': cookie})}",
            ],
            check=True,
            env={**os.environ, "CHROME_PATH": os.environ.get("CHROMIUM_PATH", "")},
        )  # fmt: skip
        return dict(json.loads(Path(file.name).read_text()))


def middle(reports: list[Report]) -> Report:
    """The report with the median LCP."""
    return sorted(reports, key=lambda report: figure(report, "largest-contentful-paint"))[len(reports) // 2]


def figure(report: Report, audit: str) -> float:
    """The numeric value of an audit: milliseconds, bytes, or a share."""
    return float(report["audits"][audit].get("numericValue", 0))


def scores(reports: dict[str, Report]) -> Table:
    """A row for each page: the four scores, LCP, CLS and transferred bytes."""
    table = Table(title=f"Lighthouse {next(iter(reports.values()))['lighthouseVersion']}, phone, simulated slow 4G")
    for heading in ("page", *CATEGORIES.values(), "FCP", "LCP", "TBT", "CLS", "over the wire"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    for name, report in reports.items():
        points = [round(100 * report["categories"][category]["score"]) for category in CATEGORIES]
        table.add_row(
            name,
            *map(str, points),
            f"{figure(report, 'first-contentful-paint') / 1000:.2f} s",
            f"{figure(report, 'largest-contentful-paint') / 1000:.2f} s",
            f"{figure(report, 'total-blocking-time'):.0f} ms",
            f"{figure(report, 'cumulative-layout-shift'):.3f}",
            f"{figure(report, 'total-byte-weight') / 1024:.0f} KB",
        )
    return table


def lost_points(report: Report) -> list[str]:
    """The audits that lowered a score, as text."""
    weights = [
        (category, reference["id"])
        for category in CATEGORIES
        for reference in report["categories"][category]["auditRefs"]
        if reference["weight"]
    ]
    audits = report["audits"]
    return [
        f"{CATEGORIES[category]}: {audits[audit]['title']} ({audits[audit].get('displayValue', 'failed')})"
        for category, audit in weights
        if audits[audit]["score"] is not None and audits[audit]["score"] < 0.995
    ]


if __name__ == "__main__":
    main()
