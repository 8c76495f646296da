"""Prometheus' own tool on its files in `deploy`: they are valid, and each alert fires when it should, and only then.

Debian's package `prometheus` has promtool; PROMTOOL names another place. Without it, these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool") or ""
pytestmark = pytest.mark.skipif(not PROMTOOL, reason="needs promtool")

CASES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "CartStandbyInCharge": ({"shop_cart_standby_in_charge": "1x180"}, {"shop_cart_standby_in_charge": "0x180"}, {}),
    "JournalNotApplied": (
        {"shop_cart_changes_waiting": "3x180", "shop_cart_standby_in_charge": "0x180"},
        {"shop_cart_changes_waiting": "3x180", "shop_cart_standby_in_charge": "1x180"},
        {},
    ),
    "CartCallsFail": (
        {'shop_cart_operations_total{result="unavailable"}': "0+1x180"},
        {'shop_cart_operations_total{result="ok"}': "0+1x180"},
        {},
    ),
    "ArchiveBehind": ({"shop_cart_archive_lag_seconds": "61x180"}, {"shop_cart_archive_lag_seconds": "59x180"}, {}),
    "CartsNotArchived": ({"shop_carts_not_archived_total": "0+1x180"}, {"shop_carts_not_archived_total": "7x180"}, {}),
    "CartsEvicted": ({"shop_carts_evicted_total": "0+1x180"}, {"shop_carts_evicted_total": "7x180"}, {}),
    "CartsUnreadable": ({"shop_carts_unreadable_total": "0+1x180"}, {"shop_carts_unreadable_total": "7x180"}, {}),
    "HitRateFell": (
        {'shop_cart_reads_total{result="hit"}': "0+10x180", 'shop_cart_reads_total{result="miss"}': "0+30x180"},
        {'shop_cart_reads_total{result="hit"}': "0+30x180", 'shop_cart_reads_total{result="miss"}': "0+10x180"},
        {},
    ),
    "RequestsFail": (
        {'shop_http_requests_total{status="503"}': "0+2x180", 'shop_http_requests_total{status="200"}': "0+98x180"},
        {'shop_http_requests_total{status="404"}': "0+50x180", 'shop_http_requests_total{status="200"}': "0+50x180"},
        {},
    ),
    "RequestsSlow": (
        {
            'shop_http_request_seconds_bucket{le="1.0"}': "0+90x180",
            'shop_http_request_seconds_bucket{le="2.5"}': "0+100x180",
            'shop_http_request_seconds_bucket{le="+Inf"}': "0+100x180",
        },
        {
            'shop_http_request_seconds_bucket{le="1.0"}': "0+100x180",
            'shop_http_request_seconds_bucket{le="+Inf"}': "0+100x180",
        },
        {},
    ),
    "EventLoopLate": ({"shop_event_loop_lag_seconds": "0.6x180"}, {"shop_event_loop_lag_seconds": "0.1x180"}, {}),
    "DatabaseConnectionsExhausted": (
        {"shop_database_connections_used": "10x180", "shop_database_connections_open": "10x180"},
        {"shop_database_connections_used": "9x180", "shop_database_connections_open": "10x180"},
        {},
    ),
    "PaymentsUnknown": (
        {"shop_orders_unsettled": "1x180", "shop_payments_unknown_total": "0+1x180"},
        {"shop_orders_unsettled": "0x180", "shop_payments_unknown_total": "0+1x180"},
        {},
    ),
    "OrdersStuck": ({"shop_order_unsettled_age_seconds": "901x180"}, {"shop_order_unsettled_age_seconds": "9x180"}, {}),
    "EmailsNotSent": ({"shop_emails_waiting": "21x180"}, {"shop_emails_waiting": "20x180"}, {}),
    "EmailsRefused": ({"shop_emails_refused": "1x180"}, {"shop_emails_refused": "0x180"}, {}),
    "ClientsLimited": (
        {'shop_limited_total{limit="carts"}': "0+70x180"},
        {'shop_limited_total{limit="carts"}': "0+50x180"},
        {"limit": "carts"},
    ),
    "StockReserved": ({"shop_reserved_items": "501x180"}, {"shop_reserved_items": "499x180"}, {}),
    "ShopGone": ({"up": "0x180"}, {"shop_build_info": "1x180"}, {}),
    "RedisEvicts": ({"redis_evicted_keys_total": "0+1x180"}, {"redis_evicted_keys_total": "7x180"}, {}),
    "RedisNearlyFull": (
        {"redis_memory_used_bytes": "81x180", "redis_memory_max_bytes": "100x180"},
        {"redis_memory_used_bytes": "79x180", "redis_memory_max_bytes": "100x180"},
        {},
    ),
}
"""By alert: series of three hours for which it fires, series for which it does not, and its labels."""


def promtool(*arguments: str) -> str:
    done = subprocess.run([PROMTOOL, *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_files_are_valid() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.yml")
    promtool("check", "config", "prometheus.yml")


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    assert CASES.keys() == RULES.keys()
    tests = [
        case
        for alert, (bad, good, labels) in CASES.items()
        for case in (a_case(alert, bad, labels), a_case(alert, good))
    ]
    file = tmp_path / "alerts_test.yml"
    file.write_text(json.dumps({"rule_files": [str(DEPLOY / "alerts.yml")], "tests": tests}))
    assert "SUCCESS" in promtool("test", "rules", str(file))


def a_case(alert: str, series: dict[str, str], labels: dict[str, str] | None = None) -> dict[str, Any]:
    """One test of promtool; without labels, the alert must not fire."""
    rule = RULES[alert]
    fired = {"exp_labels": {**rule["labels"], **(labels or {})}, "exp_annotations": rule["annotations"]}
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": "2h", "alertname": alert, "exp_alerts": [fired] if labels is not None else []}
        ],
    }
