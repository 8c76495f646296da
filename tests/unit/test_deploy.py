"""Alert rules, dashboard and runbook name metrics that exist, and each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from shop.app import create_app
from shop.cart.around.metered import MeteredCartService
from shop.cart.connect import connect
from shop.metrics.worker import Worker
from shop.parts import Parts
from shop.settings import Settings

ROOT = Path(__file__).parents[2]
RULES = msgspec.yaml.decode((ROOT / "deploy/alerts.yml").read_bytes())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
FILES = ["deploy/alerts.yml", "deploy/grafana/dashboard.json", "docs/operate.md", "docs/runbook.md"]


async def all_series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Every series that a shop with everything turned on keeps."""
    made: list[Parts] = []

    def remember(*arguments: Any, **options: Any) -> Parts:
        made.append(Parts(*arguments, **options))
        return made[-1]

    monkeypatch.setattr("shop.app.Parts", remember)
    settings = Settings(
        redis_url="redis://127.0.0.1:1",
        cart_archive=True,
        cart_move_from="redis://127.0.0.1:2",
        database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db",
    )
    create_app(settings)
    (parts,) = made
    assert parts.order_metrics
    assert parts.sampling
    Worker(parts.registry, str(tmp_path))
    in_memory = CollectorRegistry()
    MeteredCartService(connect(Settings()), in_memory)
    found = {name for metric in parts.registry.collect() for name in _names(metric.name, metric.type)}
    found |= {name for metric in in_memory.collect() for name in _names(metric.name, metric.type)}
    await parts.carts.close()
    await parts.database.dispose()
    return found


def _names(family: str, kind: str) -> set[str]:
    return {
        "counter": {f"{family}_total"},
        "info": {f"{family}_info"},
        "histogram": {f"{family}_bucket", f"{family}_sum", f"{family}_count"},
    }.get(kind, {family})


@pytest.mark.parametrize("file", FILES)
async def test_what_is_asked_for_is_kept(file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = set(re.findall(r"\bshop_\w+", (ROOT / file).read_text()))
    assert asked
    assert asked - await all_series(monkeypatch, tmp_path) == set()


def test_every_alert_has_its_page_in_the_runbook_and_the_other_way_round() -> None:
    alerts = [rule["alert"] for rule in RULES]
    assert alerts == re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)
    for rule in RULES:
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"] in RUNBOOK


def test_the_dashboard_begins_with_the_four_figures() -> None:
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert titles[:4] == [
        "Cart operations per second",
        "Average size of kept carts",
        "Hit rate",
        "Carts that expire per second",
    ]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_expressions_have_their_brackets() -> None:
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for expression in expressions:
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing), expression
