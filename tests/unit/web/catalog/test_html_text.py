"""Plain text and parts of the HTML descriptions of a catalogue."""

from __future__ import annotations

import pytest

from shop.web.catalog.html_text import MAX_LEAD, lead_and_facts, plain_text

LIST = "<ul><li>Oak</li></ul>"


def test_plain_text_is_truncated_between_words() -> None:
    assert plain_text("<p>One &amp; two.</p><p>Three</p>") == "One & two. Three"
    assert plain_text("<p>One two three</p>", 10) == "One two…"
    assert plain_text("") == ""


def test_list_items_become_sentences() -> None:
    assert plain_text("<p>A board.</p><ul><li>Oak</li><li>30 cm.</li><li></li></ul>") == "A board. Oak. 30 cm."


def test_a_description_is_split_into_paragraph_and_list() -> None:
    assert lead_and_facts(f"<p>A <b>board</b>.</p>\n{LIST}") == ("<p>A <b>board</b>.</p>", LIST)


@pytest.mark.parametrize(
    "description",
    [
        "",
        "<p>Only words.</p>",
        LIST,
        f"<p>One.</p><p>Two.</p>{LIST}",
        f"<p>One.</p>{LIST}<p>And more.</p>",
        f"<p>{'x' * MAX_LEAD}</p>{LIST}",
        f"<h2>About</h2><p>One.</p>{LIST}",
    ],
)
def test_any_other_description_stays_whole(description: str) -> None:
    assert lead_and_facts(description) == ("", description)
