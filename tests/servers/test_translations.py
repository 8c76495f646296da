"""The translation catalogues are up to date and complete, with the same placeholders as their messages."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from tests.servers.test_house import ROOT

STILTED = (
    "anew",
    "go on with",
    "gone on with",
    "goes on with",
    "who has",
    "least dear",
    "also if",
    "as a rule",
    "is to get",
)
"""Turns that a native speaker would not write; docs/brand.md has better ones."""


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
        ("Only {count} left", "Nur noch {number} da", "uses other placeholders"),
        ("Only {count} left", "Nur noch wenige da", "uses other placeholders"),
        ("See <a href='/'>all</a>", "Sieh <a href='/alles'>alles</a>", "has different HTML"),
        ("See all", "Sieh <b>alles</b>", "has different HTML"),
        (("{count} item", "{count} items"), ("Ein Artikel", "{count} Artikel"), None),
        (("{count} item", "{count} items"), ("{count} Artikel",), "not translated"),
    ],
)
def test_wrong_translations_are_found(
    words: ModuleType, one: str | tuple[str, ...], translation: str | tuple[str, ...], complaint: str | None
) -> None:
    catalogue = Catalog(locale="de")
    catalogue.add(one, translation)
    told = list(words.problems(catalogue))
    assert [complaint in line for line in told] == ([True] if complaint else []), told


@pytest.fixture
def tree(words: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small shop, translated into German."""
    page, locale = tmp_path / "shop/web/page.py", tmp_path / "shop/locale/de/LC_MESSAGES"
    for folder in (page.parent, locale, tmp_path / "shop/commands", tmp_path / "templates"):
        folder.mkdir(parents=True)
    page.write_text("words = (_('Hello'), ngettext('{count} cup', '{count} cups', 2), pgettext('size', 'Large'))")
    (tmp_path / "shop/commands/told.py").write_text("_('For operators')")
    (tmp_path / "templates/page.html").write_text('{{ _("Cart") }}')
    translated = Catalog(locale="de")
    translated.add("Hello", "Hallo")
    translated.add(("{count} cup", "{count} cups"), ("{count} Tasse", "{count} Tassen"))
    translated.add("Large", "Groß", context="size")
    translated.add("Cart", "Korb")
    monkeypatch.setattr(words, "ROOT", tmp_path)
    monkeypatch.setattr(words, "FOLDER", tmp_path / "shop/locale")
    (locale / "messages.po").write_bytes(words.serialized(translated))
    return tmp_path


def german(tree: Path) -> dict[object, object]:
    """Message -> translation, from the tree's file."""
    with (tree / "shop/locale/de/LC_MESSAGES/messages.po").open("rb") as source:
        return {message.id: message.string for message in read_po(source, locale="de") if message.id}


def test_a_file_that_moves_into_a_folder_keeps_its_translations(words: ModuleType, tree: Path) -> None:
    before = german(tree)
    assert words.main() == 0
    assert words.main(check=True) == 0
    (tree / "shop/web/order/view").mkdir(parents=True)
    (tree / "shop/web/page.py").rename(tree / "shop/web/order/view/page.py")
    (tree / "templates/catalog").mkdir()
    (tree / "templates/page.html").rename(tree / "templates/catalog/page.html")
    assert words.main() == 0
    assert german(tree) == before
    assert len(before) == 4
    assert "shop/web/order/view/page.py" in (tree / "shop/locale/messages.pot").read_text()


def test_a_translated_message_is_dropped_only_when_told_to(
    words: ModuleType, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words.main() == 0
    before = {file: file.read_bytes() for file in (tree / "shop/locale").rglob("*.po*")}
    (tree / "shop/web/page.py").write_text("_('Welcome')")
    capsys.readouterr()

    assert words.main() == 1
    told = capsys.readouterr().err
    assert [f"de: translated, but no longer found: {gone}" in told for gone in ("Hello", "{count} cup", "Large")] == [
        True
    ] * 3
    assert "--forget" in told
    assert {file: file.read_bytes() for file in before} == before

    assert words.main(forget=True) == 0
    assert german(tree) == {"Cart": "Korb", "Welcome": ""}


def test_a_message_that_was_never_translated_may_go(words: ModuleType, tree: Path) -> None:
    page = tree / "shop/web/page.py"
    written = page.read_text()
    page.write_text(f"{written}; _('Welcome')")
    assert words.main() == 0
    page.write_text(written)
    assert words.main() == 0
    assert "Welcome" not in german(tree)


TAKES_A_MESSAGE = {"_", "gettext", "ngettext", "pgettext", "markup", "noted"}


def hidden_words(source: str) -> list[int]:
    """The lines with a message call inside an f-string, which Babel on Python 3.11 does not find."""
    texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)]
    calls = [node for text in texts for node in ast.walk(text) if isinstance(node, ast.Call)]
    return sorted({call.lineno for call in calls if ast.unparse(call.func).rpartition(".")[2] in TAKES_A_MESSAGE})


def test_no_message_hides_in_an_f_string() -> None:
    files = sorted((ROOT / "shop").rglob("*.py"))
    assert [f"{file.relative_to(ROOT)}:{line}" for file in files for line in hidden_words(file.read_text())] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("f\"{_('Found')}: {page}\"", [1]),
        ("f'{words.ngettext(ONE, MANY, 2)!s:>{noted(WIDTH)}}'", [1]),
        ("f'{title} ' + _('Found')", []),
        ("_('Order {number}', number=f'{number:04}')", []),
    ],
)
def test_messages_that_hide_are_found(source: str, lines: list[int]) -> None:
    assert hidden_words(source) == lines


def test_messages_have_no_stilted_turns() -> None:
    with (ROOT / "shop/locale/messages.pot").open("rb") as file:
        ids = [" ".join(each.id) if isinstance(each.id, (tuple, list)) else each.id for each in read_po(file)]
    assert len(ids) > 400
    assert not [(turn, said) for said in ids for turn in STILTED if re.search(rf"\b{turn}\b", said, re.IGNORECASE)]
