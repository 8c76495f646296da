"""Prepares text for search, identically for every database: folded words, slugs, tokens for exact values. Pure.

The index holds a product's own words and those of its translations, each with its language as a prefix. A search in
German finds both; a search in English does not find German words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

MAX_TERMS = 8
"""Words of a search that are used; the rest is ignored."""
MAX_WORD = 64
"""Characters of a word that are indexed."""

_WORD = re.compile(r"[^\W_]+")
_LANGUAGE = "\ue000{}\ue000"
"""Prefix of a translation's words. Private-use characters: every index takes them for letters, no text has them."""
_ARTICLES = {"ar": re.compile(r"\A(?:[وفبك]?ال|لل)(?=\w\w)")}
"""Articles that are written as part of the word, with the particles that may precede them: 'الكوب', 'بالكوب'."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """Lower case without accents: 'Crème BRÛLÉE' -> 'creme brulee'."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def search_words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters and digits."""
    return [word[:MAX_WORD] for word in _WORD.findall(fold(text))]


def translation_words(language: str, text: str) -> list[str]:
    """The words of a translation, with the prefix of their language."""
    prefix, article = _LANGUAGE.format(language), _ARTICLES.get(language)
    return [prefix + (article.sub("", word) if article else word) for word in search_words(text)]


@lru_cache(maxsize=4096)
def terms(q: str) -> tuple[str, ...]:
    """The distinct words of a search. A product matches if each term is the beginning of one of its words."""
    return tuple(dict.fromkeys(search_words(q)))[:MAX_TERMS]


def spellings(q: str, language: str = "") -> list[tuple[str, ...]]:
    """For each term of a search, the forms that match it in the index: the term, and its form in translations."""
    return [(term, *translation_words(language, term)) if language else (term,) for term in terms(q)]


@lru_cache(maxsize=4096)
def slug(title: str) -> str:
    """A title as part of a URL: 'Bed & Bath' -> 'bed-bath'. '' for a title without letters and digits."""
    return "-".join(search_words(title))


@lru_cache(maxsize=16384)
def token(name: str, value: str) -> str:
    """The index token of 'option `name` is `value`'. Typed text never produces one."""
    return "0x" + blake2b(f"{name}\0{value}".encode(), digest_size=10).hexdigest()


def category_token(category: str) -> str:
    """The index token of a category's slug."""
    return token("", category)
