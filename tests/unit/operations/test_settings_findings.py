"""The doctor's findings about the settings SECRET_KEY and PUBLIC_URL."""

from __future__ import annotations

import secrets

import pytest

from shop.operations.findings import Level
from shop.operations.settings_findings import settings_findings
from shop.settings import Settings

KEY = secrets.token_hex(32)
POSTGRES = "postgresql+asyncpg://host/shop"


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        (Settings(), []),
        (Settings(secret_key=KEY), []),
        (Settings(secret_key="hunter2"), [Level.WARNING]),
        (Settings(database_url=POSTGRES), [Level.WARNING]),
        (Settings(database_url=POSTGRES, secret_key=KEY), []),
        (Settings(database_url=POSTGRES, secret_key="hunter2"), [Level.WARNING]),
    ],
)
def test_a_key_is_missed_where_several_machines_may_serve_and_where_it_is_short(
    settings: Settings, levels: list[Level]
) -> None:
    found = [finding for finding in settings_findings(settings, {}) if finding.about == "SECRET_KEY"]
    assert [finding.level for finding in found] == levels
    assert "hunter2" not in " ".join(map(str, found))


def test_letters_without_a_link_are_told_of() -> None:
    def said_of(settings: Settings) -> list[str]:
        return [finding.says for finding in settings_findings(settings, {}) if finding.about == "PUBLIC_URL"]

    (says,) = said_of(Settings(smtp_url="smtp://mail.example"))
    assert "E-mails have no link" in says
    assert not said_of(Settings(smtp_url="smtp://mail.example", public_url="https://shop.example"))
    assert not said_of(Settings())
