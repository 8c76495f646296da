"""The catalogues of translations: of today, complete, and with what their messages fill in."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest
from babel.messages import Catalog

from tests.unit.test_house import ROOT


@pytest.fixture(scope="module")
def words() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bin_words", ROOT / "bin/words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_translations_are_complete_and_of_today() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bin/words.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.stderr.strip(), done.returncode) == ("", 0), "make words, then translate what is new"


@pytest.mark.parametrize("domain", ["messages", "catalog"])
def test_files_name_no_person_no_machine_and_no_hour(words: ModuleType, domain: str) -> None:
    files = words.files(domain)
    assert len(files) == 2
    for file in files:
        text = file.read_text()
        assert not any(telling in text for telling in ("Last-Translator", "Date:", "Generated-By", str(ROOT), ".py:"))


@pytest.mark.parametrize(
    ("one", "translation", "complaint"),
    [
        ("Only {count} left", "Nur noch {count} da", None),
        ("Only {count} left", "", "not translated"),
        ("Only {count} left", "Nur noch {number} da", "fills in other names"),
        ("Only {count} left", "Nur noch wenige da", "fills in other names"),
        ("See <a href='/'>all</a>", "Sieh <a href='/alles'>alles</a>", "has other HTML"),
        ("See all", "Sieh <b>alles</b>", "has other HTML"),
        (("{count} item", "{count} items"), ("Ein Artikel", "{count} Artikel"), None),
        (("{count} item", "{count} items"), ("{count} Artikel",), "not translated"),
    ],
)
def test_wrong_translations_are_found(
    words: ModuleType, one: str | tuple[str, ...], translation: str | tuple[str, ...], complaint: str | None
) -> None:
    catalogue = Catalog(locale="de")
    catalogue.add(one, translation)
    told = list(words.complaints(catalogue))
    assert [complaint in line for line in told] == ([True] if complaint else []), told
