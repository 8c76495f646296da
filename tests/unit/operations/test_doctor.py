"""What is looked at without a server of carts: the settings, the database, and what is done before the shop opens."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.engine import make_url

from shop.errors import ConfigurationError
from shop.operations.database_findings import check_database
from shop.operations.doctor import examine
from shop.operations.findings import Finding, Level, Report, note, ok, problem, warning
from shop.operations.settings_findings import settings_findings
from shop.operations.startup import startup_findings
from shop.settings import Settings

OK, NOTE = ok("A", "a", "well"), note("A", "a", "good to know")
WARNING, PROBLEM = warning("A", "a", "not for long", "Mend it."), problem("A", "a", "broken", "Mend it.")


@pytest.mark.parametrize(
    ("found", "level", "status"),
    [
        ((), Level.OK, 0),
        ((OK,), Level.OK, 0),
        ((OK, NOTE), Level.NOTE, 0),
        ((WARNING, NOTE), Level.WARNING, 1),
        ((PROBLEM, WARNING, OK), Level.PROBLEM, 2),
    ],
)
def test_a_report_is_as_bad_as_its_worst_finding(found: tuple[Finding, ...], level: Level, status: int) -> None:
    assert (Report(found).level, Report(found).exit_status) == (level, status)


def test_a_finding_is_a_line_for_a_log() -> None:
    assert str(PROBLEM) == "A: broken Mend it."


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "env_file", "level", "words"),
        [
            (Settings(), {}, Level.NOTE, "Carts are in the memory of the shop's process, and are lost when it ends"),
            (Settings(cart_archive=True), {}, Level.NOTE, "memory of the shop's process, and in the archive"),
            (
                Settings(redis_url="redis://h"),
                {"REDIS_ULR": "x"},
                Level.WARNING,
                ".env sets REDIS_ULR, which are not settings",
            ),
            (Settings(redis_url="redis://h"), {"REDIS_URL": "x"}, Level.OK, ".env sets REDIS_URL."),
            (Settings(workers=2), {}, Level.PROBLEM, "2 workers need REDIS_URL"),
            (Settings(redis_url="redis://h", public_url="http://shop"), {}, Level.WARNING, "does not begin with https"),
        ],
    )
    def test_what_they_mean(self, settings: Settings, env_file: dict[str, str], level: Level, words: str) -> None:
        (finding,) = settings_findings(settings, env_file)
        assert finding.level is level
        assert words in finding.says

    async def test_a_wrong_one_is_told_once(self, sqlite_url: str) -> None:
        wrong = Settings(redis_url="redis://h:port", database_url=sqlite_url, cart_max_lines=0)
        report = await examine(wrong, {})
        told = [finding.says for finding in report.findings if finding.level is Level.PROBLEM]
        assert len(told) == 1
        assert "CART_MAX_LINES" in told[0]

    async def test_an_archive_without_a_database_is_a_problem(self) -> None:
        report = await examine(Settings(cart_archive=True, database_url="mysql://host/shop"), {})
        told = [finding.says for finding in report.findings if finding.level is Level.PROBLEM]
        assert told
        assert all(words.startswith("DATABASE_URL") for words in told)


class TestArchive:
    @pytest.mark.parametrize("prepared", [True, False])
    async def test_it_is_tried_out(self, sqlite_url: str, tmp_path: Path, prepared: bool) -> None:
        sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE other (id)").connection.close()
        url = sqlite_url if prepared else f"sqlite:///{tmp_path}/empty.db"
        report = await examine(Settings(cart_archive=True, database_url=url), {})
        told = [finding for finding in report.findings if finding.part == "DATABASE_URL (archive)"]
        assert [finding.level for finding in told] == [Level.OK if prepared else Level.PROBLEM]
        with sqlite3.connect(file_of(sqlite_url)) as connection:
            assert connection.execute("SELECT count(*) FROM carts").fetchone() == (0,), "nothing is left of the trial"
        connection.close()

    async def test_its_file_is_not_made_to_look_at_it(self, tmp_path: Path) -> None:
        await examine(Settings(cart_archive=True, database_url=f"sqlite:///{tmp_path}/none/shop.db"), {})
        assert files_in(tmp_path) == []


class TestDatabase:
    async def test_one_that_is_well(self, sqlite_url: str) -> None:
        found = {finding.about: finding for finding in await check_database(sqlite_url)}
        assert [finding.level for finding in found.values()] == [Level.OK, Level.OK, Level.OK, Level.NOTE]
        assert found["migrations"].says.startswith("The schema is up to date")
        assert found["catalogue"].says.startswith("0 products, ")
        assert float(found["catalogue"].figures["bytes"]) > 10_000

    async def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        (finding,) = await check_database(f"sqlite:///{tmp_path}/none/shop.db")
        assert (finding.level, finding.advice) == (Level.WARNING, "`shop run` creates it.")
        assert files_in(tmp_path) == []

    async def test_one_that_was_never_prepared(self, tmp_path: Path) -> None:
        sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE other (id)").connection.close()
        (finding,) = await check_database(f"sqlite:///{tmp_path}/empty.db")
        assert finding.level is Level.PROBLEM
        assert finding.says.startswith("The database is not prepared.")

    @pytest.mark.parametrize(
        ("revision", "oldest", "level", "words"),
        [
            ("0000", "0000", Level.PROBLEM, "older release (revision 0000, not "),
            ("9999", "0016", Level.WARNING, "newer release (revision 9999, not "),
            ("9999", "9999", Level.PROBLEM, "newer release (revision 9999, not "),
        ],
    )
    async def test_one_of_another_version(
        self, sqlite_url: str, revision: str, oldest: str, level: Level, words: str
    ) -> None:
        with sqlite3.connect(file_of(sqlite_url)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.execute("UPDATE schema_compatibility SET oldest = ?", (oldest,))
        connection.close()
        found = {finding.about: finding for finding in await check_database(sqlite_url)}
        assert found["migrations"].level is level
        assert words in found["migrations"].says

    async def test_a_file_that_is_read_only(self, sqlite_url: str) -> None:
        url = f"sqlite:///file:{file_of(sqlite_url)}?mode=ro&uri=true"
        found = {finding.about: finding for finding in await check_database(url)}
        assert (found["changes"].level, found["changes"].says) == (Level.PROBLEM, "It is read-only.")

    async def test_a_full_disk(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4096))
        found = {finding.about: finding for finding in await check_database(sqlite_url)}
        assert found["changes"].level is Level.PROBLEM
        assert "The disk is full" in found["changes"].says

    async def test_one_that_an_import_has_locked(self, sqlite_url: str) -> None:
        importing = sqlite3.connect(file_of(sqlite_url), isolation_level=None)
        importing.execute("BEGIN IMMEDIATE")
        found = {finding.about: finding for finding in await check_database(sqlite_url)}
        importing.close()
        assert found["changes"].level is Level.NOTE
        assert "It is locked" in found["changes"].says


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def file_of(url: str) -> str:
    return str(make_url(url).database)


class TestBeforeOpening:
    async def test_memory_needs_no_look(self) -> None:
        assert await startup_findings(Settings()) == []

    async def test_memory_is_no_store_that_could_be_required(self) -> None:
        with pytest.raises(ConfigurationError, match="REDIS_URL is not set"):
            await startup_findings(Settings(cart_require_store=True))

    @pytest.mark.parametrize("wrong", [Settings(redis_url="http://h"), Settings(exchange_rates="missing.json")])
    async def test_settings_that_no_worker_could_start_with_are_refused(self, wrong: Settings) -> None:
        with pytest.raises(ConfigurationError):
            await startup_findings(wrong)
