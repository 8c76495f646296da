"""The doctor's findings about the mail server."""

from __future__ import annotations

import ssl

import pytest

from shop.demo.ports import free_port
from shop.operations.doctor import examine
from shop.operations.findings import Level
from shop.operations.mail_findings import check_mail_server
from shop.settings import Settings
from tests.fixtures.mail_server import mail_server
from tests.fixtures.tls import Certificates


async def test_a_mail_server_that_answers_is_ok() -> None:
    async with mail_server() as server:
        (found,) = await check_mail_server(f"smtp://127.0.0.1:{server.port}")
    assert (found.level, found.says) == (Level.OK, f"127.0.0.1:{server.port} answers, not encrypted.")
    assert server.received == []


async def test_the_check_does_not_log_in() -> None:
    async with mail_server(login=True) as server:
        (found,) = await check_mail_server(f"smtp://shop:hunter2@127.0.0.1:{server.port}")
    assert (found.level, server.logins) == (Level.OK, 0)
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(("scheme", "smtps"), [("smtp", False), ("smtps", True)])
async def test_a_mail_server_with_tls_is_ok(certificates: Certificates, scheme: str, smtps: bool) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificates.server)
    async with mail_server(tls=context, smtps=smtps) as server:
        (found,) = await check_mail_server(f"{scheme}://127.0.0.1:{server.port}")
    assert (found.level, found.says) == (Level.OK, f"127.0.0.1:{server.port} answers, encrypted.")


async def test_a_port_without_a_listener_is_a_problem() -> None:
    (found,) = await check_mail_server(f"smtp://127.0.0.1:{free_port()}")
    assert found.level is Level.PROBLEM
    assert "does not answer as a mail server" in found.says


async def test_a_url_that_is_not_understood_is_told_once() -> None:
    report = await examine(Settings(database_url="sqlite:///missing/shop.db", smtp_url="http://h"), {})
    told = [finding.says for finding in report.findings if "SMTP_URL" in finding.says]
    assert len(told) == 1
