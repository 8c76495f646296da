"""The available languages, read from GNU gettext's PO files by Babel; nothing has to be compiled.

shop/locale/{language}/LC_MESSAGES/messages.po has the shop's messages, catalog.po those of the demo catalogue.
To add a language, add a folder: docs/languages.md.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shop.errors import ConfigurationError
from shop.i18n import ENGLISH, Language

FOLDER = Path(__file__).with_name("locale")


@cache
def known() -> tuple[str, ...]:
    """The codes of all available languages, English first."""
    return (ENGLISH.code, *sorted(file.parent.parent.name for file in FOLDER.glob("*/LC_MESSAGES/messages.po")))


@cache
def language_of(code: str) -> Language:
    """The language with this code, read once; English for an unknown code."""
    if code == ENGLISH.code or code not in known():
        return ENGLISH
    return Language(code, _translations(code, "messages"), _translations(code, "catalog"))


def offered(setting: str) -> tuple[Language, ...]:
    """The languages in the setting LANGUAGES. Raises ConfigurationError."""
    codes = tuple(dict.fromkeys(setting.replace(",", " ").split()))
    if not codes or not set(codes) <= set(known()):
        raise ConfigurationError(f"LANGUAGES is set to {setting!r}: choose from {' '.join(known())}.")
    return tuple(map(language_of, codes))


def _translations(code: str, domain: str) -> NullTranslations:
    file = FOLDER / code / "LC_MESSAGES" / f"{domain}.po"
    if not file.is_file():
        return NullTranslations()
    with file.open("rb") as source:
        catalogue = read_po(source, locale=code, domain=domain)
    packed = io.BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    return GNUTranslations(packed)
