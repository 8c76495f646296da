"""Sanitises descriptions: a small set of tags is allowed, everything else is removed."""

from __future__ import annotations

import re
from html import escape

import nh3

from shop.catalog.importers.fields import CONTROL

MAX_DESCRIPTION = 200_000

_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd", "blockquote"),
        *("strong", "b", "em", "i", "u", "s", "sub", "sup", "small", "abbr", "a"),
        *("table", "thead", "tbody", "tr", "th", "td", "caption"),
    },
    clean_content_tags={"script", "style", "title", "noscript", "template"},
    attributes={"a": {"href", "title"}, "abbr": {"title"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer nofollow",
)


def safe_html(text: str) -> str:
    """Sanitised HTML; text without tags becomes paragraphs. Idempotent. Raises ValueError if it is too long."""
    text = CONTROL.sub("", text.replace("\r\n", "\n")).strip()
    if len(text) > MAX_DESCRIPTION:
        raise ValueError(f"description is longer than {MAX_DESCRIPTION} characters")
    cleaned = _CLEANER.clean(text).strip()
    return cleaned if "<" in cleaned else _paragraphs(cleaned)


def safe_text(text: str) -> str:
    """Plain text as HTML paragraphs, with special characters escaped."""
    return safe_html(_paragraphs(escape(text.replace("\r\n", "\n").strip(), quote=False)))


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{part.strip()}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())
