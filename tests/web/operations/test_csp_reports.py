"""What browsers report of the Content-Security-Policy is logged, without paths and without what an attacker writes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shop.settings import Settings
from tests.fixtures.shop_app import Client, MakeClient

URL = "/csp-reports"
OLD = {"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://cdn.example/ada?mail=a@b"}}
NEW = [
    {"type": "csp-violation", "body": {"effectiveDirective": "script-src-elem", "blockedURL": "inline"}},
    {"type": "deprecation", "body": {"id": "x"}},
]


@pytest.fixture
async def client(make_client: MakeClient, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db", csp_reports=True)
    async with make_client(settings=settings) as client:
        yield client


async def test_pages_name_the_endpoint(client: Client, shop: Client) -> None:
    headers = (await client.get("/about")).headers
    assert headers["content-security-policy"].endswith("; report-uri /csp-reports; report-to csp")
    assert headers["reporting-endpoints"] == 'csp="/csp-reports"'
    plain = (await shop.get("/about")).headers
    assert "report" not in plain["content-security-policy"]
    assert "reporting-endpoints" not in plain
    assert (await shop.post(URL, content="{}")).status_code == 404


async def test_both_kinds_of_reports_are_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for report, kind in ((OLD, "application/csp-report"), (NEW, "application/reports+json")):
        reply = await client.post(URL, content=json.dumps(report), headers={"Content-Type": kind})
        assert reply.status_code == 204
    assert [record.getMessage() for record in caplog.records if "csp_reports" in record.name] == [
        "Content-Security-Policy: img-src refused https://cdn.example",
        "Content-Security-Policy: script-src-elem refused inline",
    ]


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({}, 422),
        ([1], 422),
        ({"csp-report": {"blocked-uri": 7}}, 422),
        ({"csp-report": {"blocked-uri": "http://[", "effective-directive": "x\r\nERROR forged"}}, 204),
        ([NEW[0]] * 50, 204),
    ],
)
async def test_nobody_can_forge_lines(
    client: Client, caplog: pytest.LogCaptureFixture, report: Any, status: int
) -> None:
    assert (await client.post(URL, content=json.dumps(report))).status_code == status
    lines = [record.getMessage() for record in caplog.records if "csp_reports" in record.name]
    assert len(lines) <= 20
    assert not any("forged" in line or "\n" in line for line in lines)
