"""Text as search sees it, the same on every database: folded words, slugs, and tokens for exact values. Pure.

An index holds a product's own words, and beside them those of its translations, each with its language in front: a
search in German finds both, and one in English none that only German has.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

MAX_TERMS = 8
"""How many words of a search count; the rest is ignored."""
MAX_WORD = 64

_WORD = re.compile(r"[^\W_]+")
_LANGUAGE = "\ue000{}\ue000"
"""What stands in front of a translation's words: of private use, so a letter to every index and in nobody's words."""
_ARTICLES = {"ar": re.compile(r"\A(?:[وفبك]?ال|لل)(?=\w\w)")}
"""Articles that are written as a part of their word, with what else may stand before them: 'الكوب', 'بالكوب'."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """Lower case without accents: 'Crème BRÛLÉE' -> 'creme brulee'."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters and digits."""
    return [word[:MAX_WORD] for word in _WORD.findall(fold(text))]


def words_in(language: str, text: str) -> list[str]:
    """The words of a translation, as an index has them beside those of the text itself."""
    sign, article = _LANGUAGE.format(language), _ARTICLES.get(language)
    return [sign + (article.sub("", word) if article else word) for word in words(text)]


@lru_cache(maxsize=4096)
def terms(q: str) -> tuple[str, ...]:
    """The words that a search looks for, each once: all must begin a word of the product."""
    return tuple(dict.fromkeys(words(q)))[:MAX_TERMS]


def spellings(q: str, language: str = "") -> list[tuple[str, ...]]:
    """For each of a search's terms all that it may be in an index: as it is, or a word of a translation."""
    return [(term, *words_in(language, term)) if language else (term,) for term in terms(q)]


@lru_cache(maxsize=4096)
def slug(title: str) -> str:
    """A title as part of a URL: 'Bed & Bath' -> 'bed-bath'. '' for a title without letters and digits."""
    return "-".join(words(title))


@lru_cache(maxsize=16384)
def token(name: str, value: str) -> str:
    """The word that stands for 'option `name` is `value`' in an index: no text of a person gives it."""
    return "0x" + blake2b(f"{name}\0{value}".encode(), digest_size=10).hexdigest()


def category_token(category: str) -> str:
    """The word that stands for a category's slug."""
    return token("", category)
