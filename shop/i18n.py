"""Translation: gettext in the language of the current request or e-mail, held in a context variable.

A message is its English text. `_("Only {count} left", count=3)` translates the message first and then fills in the
values; values are never part of the message. In a right-to-left language, each text value is wrapped in directional
isolates (UAX #9), so that a title or a number cannot reorder the text around it, nor be reordered by it.

Pure: shop.languages reads the catalogues of translations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

from babel import Locale
from babel.numbers import format_decimal


class Language:
    """A language of the shop, with its translations. Made by shop.languages.

    `messages` translates the shop's messages, `catalog` the texts of the demo catalogue; both from English.
    """

    __slots__ = ("catalog", "cldr", "code", "direction", "locale", "messages", "name")

    def __init__(
        self, code: str, messages: NullTranslations | None = None, catalog: NullTranslations | None = None
    ) -> None:
        self.code = code
        """BCP 47: 'de', 'pt-BR'."""
        self.locale = Locale.parse(code, sep="-")
        self.cldr = str(self.locale)
        """The CLDR spelling of the code: 'pt_BR'."""
        self.name = (self.locale.get_display_name() or code).capitalize()
        """The language's own name: 'Deutsch'."""
        self.direction = "rtl" if self.locale.text_direction == "rtl" else "ltr"
        self.messages = messages or NullTranslations()
        self.catalog = catalog or NullTranslations()

    def __repr__(self) -> str:
        return f"Language({self.code})"


FSI, PDI = "\u2068", "\u2069"
"""First strong isolate and its end: text between them takes the direction of its first strong letter (UAX #9)."""
ENGLISH = Language("en")
"""The source language of the messages."""

SEARCHED = "search"
"""The gettext context of catalogue texts that only the search uses."""

_TEXT = re.compile(r"(?:(?<=>)|^)(?=[^<>]*\w)[^<>]+(?=<|$)")
_current: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def spoken() -> Language:
    """The current language: that of the request; English outside of requests."""
    return _current.get()


def speak(language: Language) -> None:
    """Set the current language of this task."""
    _current.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Set the current language within the block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def gettext(message: str, **values: object) -> str:
    """Translate a message into the current language and fill in its {names}. Imported as `_`."""
    language = _current.get()
    text = language.messages.gettext(message) if message else ""  # gettext maps '' to the catalogue's header
    return text.format_map(_isolated(values, language)) if values else text


def ngettext(one: str, many: str, count: int, *, at_least: bool = False, **values: object) -> str:
    """Translate a message with singular and plural; {count} is filled in: '1,204 products', `at_least`: '1,204+ …'."""
    language = _current.get()
    number = count if -1000 < count < 1000 else format_decimal(count, locale=language.locale)
    found = f"{number}+" if at_least else number
    return language.messages.ngettext(one, many, count).format(count=found, **_isolated(values, language))


def pgettext(context: str, message: str, **values: object) -> str:
    """Translate a message whose English text is ambiguous; `context` tells its meanings apart."""
    language = _current.get()
    text = language.messages.pgettext(context, message)
    return text.format_map(_isolated(values, language)) if values else text


def noted(message: str) -> str:
    """Mark a constant as a message and return it unchanged; `gettext` translates it where it is shown."""
    return message


def content(text: str) -> str:
    """Translate a catalogue text (a description, an option, a category); unchanged if there is no translation.

    In HTML, each text between two tags is translated separately; the tags stay.
    """
    language = _current.get()
    if not text or language is ENGLISH:
        return text
    translated = language.catalog.gettext
    return _TEXT.sub(lambda found: translated(found[0]), text) if "<" in text else translated(text)


def searched(name: str) -> str:
    """Search terms in the current language for a product title or tag; they are never displayed."""
    return _current.get().catalog.pgettext(SEARCHED, name)


def content_options(text: str) -> str:
    """A variant's title such as 'Moss / Large', with each value translated."""
    return " / ".join(map(content, text.split(" / "))) if text else text


def full_name(title: str, options: str) -> str:
    """The name of a variant in a sentence: 'Tide Mug, Moss'."""
    return gettext("{title}, {options}", title=title, options=content_options(options)) if options else title


def _isolated(values: dict[str, object], language: Language) -> dict[str, object]:
    if language.direction == "ltr":
        return values
    return {name: f"{FSI}{value}{PDI}" if isinstance(value, str) else value for name, value in values.items()}


def texts_of(html: str) -> list[str]:
    """The texts in a piece of HTML that `content` translates."""
    return _TEXT.findall(html)
