"""The report of a load test as one self-contained HTML file, without scripts or external resources."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shop import __version__
from shop.loadtest.checks import Check
from shop.loadtest.report.plots import Plot, Series, plot
from shop.loadtest.report.report import Report
from shop.loadtest.tally import Kind
from shop.resources import resource_dir


class Fact(msgspec.Struct, frozen=True):
    """A key figure, with its label."""

    value: str
    name: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The view of templates/loadtest/report.html."""

    well: bool
    headline: str
    began: str
    url: str
    version: str
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...]
    plots: tuple[Plot, ...]
    kinds: tuple[Kind, ...]
    seconds: float
    said: tuple[str, ...]
    plan: tuple[Fact, ...]


def page(report: Report) -> str:
    """The HTML of a report."""
    environment = Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("loadtest/report.html").render(view=_view(report))


def _view(report: Report) -> Page:
    plan, seen = report.plan, report.seen
    return Page(
        well=report.well,
        headline=report.headline,
        began=f"{datetime.fromtimestamp(report.began_at, UTC):%d %B %Y, %H:%M} UTC",
        url=plan.url,
        version=__version__,
        facts=_facts(report),
        checks=report.checks,
        plots=_plots(report),
        kinds=report.kinds,
        seconds=seen.seconds,
        said=tuple(report.said),
        plan=(
            Fact(f"{plan.users}", "shoppers"),
            Fact(f"{plan.spawn_rate:g}", "come per second"),
            Fact(f"{seen.seconds:.0f} s", "long"),
            Fact(f"{plan.pace:g} ×", "Online Boutique's pace"),
            Fact(f"{len(plan.handles):,}", "products"),
        ),
    )


def _facts(report: Report) -> tuple[Fact, ...]:
    seen = report.seen
    return (
        Fact(f"{seen.total.requests:,}", "requests"),
        Fact(f"{seen.total.requests / seen.seconds:,.0f}", "a second"),
        Fact(f"{seen.total.p50:,.1f} ms", "median"),
        Fact(f"{seen.total.p99:,.1f} ms", "99th percentile"),
        Fact(f"{seen.changes:,}", "changes of carts"),
        Fact(f"{report.orders:,}", "orders"),
    )


def _plots(report: Report) -> tuple[Plot, ...]:
    times = [second.at for second in report.seconds]

    def line(name: str, role: str, field: str) -> Series:
        return Series(name, role, [getattr(second, field) for second in report.seconds])

    asked = line("all", "first", "requests"), line("refused", "second", "refused"), line("failed", "bad", "failed")
    took = line("p50", "first", "p50"), line("p95", "second", "p95"), line("p99", "third", "p99")
    crowd = line("shoppers", "third", "users"), line("full carts", "first", "carts")
    return (
        plot("Requests", "a second", times, asked),
        plot("Time to an answer", "ms", times, took),
        plot("Shoppers and their carts", "", times, crowd),
        plot("Orders", "so far", times, (line("orders", "first", "orders"),)),
    )
