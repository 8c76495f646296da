#!/usr/bin/env python3
"""Update the translation catalogues from the messages of the shop and the texts of the demo catalogue.

Writes shop/locale/{messages,catalog}.pot and merges them into the .po files of each language: adds new messages without
a translation, and removes obsolete messages. If an obsolete message has a translation, writes nothing and exits with 1,
unless `--forget` is given. `--check` writes nothing; it prints translations that are missing, fuzzy or do not match
their message, and then exits with 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shop.catalog.demo import CATALOG  # noqa: E402 - a script beside the package
from shop.catalog.importers import read  # noqa: E402
from shop.catalog.importers.draft import Problems  # noqa: E402
from shop.checkout.pricing.terms import read_terms  # noqa: E402
from shop.i18n import SEARCHED, texts_of  # noqa: E402
from shop.languages import FOLDER  # noqa: E402

NOT_FOR_SHOPPERS = {
    "shop": (
        *("cli.py", "commands/**", "demo/**", "loadtest/**", "operations/**", "web/operations/**"),
        *("checkout/placing/operator_changes.py", "checkout/placing/operator_facts.py"),
        "checkout/placing/typed_parts.py",
    ),
    "templates": ("loadtest/**", "operations/**"),
}
"""Files with texts for operators, which stay in English. Messages are extracted from all other files in the folders."""
METHODS = {"shop": ("**.py", "python"), "templates": ("**.*", "jinja2")}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "markup", "noted"), None),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    **dict.fromkeys(("NotFound", "InvalidInput", "CouponRefused", "PaymentDeclined", "CrossOriginRefused"), None),
    "PaymentUnavailable": None,
}
"""Functions that mark messages, and errors whose messages are for shoppers and are translated when shown."""
JINJA = {
    "extensions": "shop.web.render.templating.cache_tag.CacheTag",
    "trim_blocks": "1",
    "lstrip_blocks": "1",
    "silent": "0",
}
"""Options of the template extractor; the Python extractor ignores them."""
HEADER = "# Neap's words. `make words` renews this file; only what stands after msgstr is written by hand."
VOLATILE_HEADERS = re.compile(
    rb'^"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By): .*\n",
    re.MULTILINE,
)
"""Headers that would change with each run, or name people."""
LOST_TRANSLATION = """\
Nothing was written. A message with a translation no longer exists. If you
  reworded it: write the new text after msgid in the .po files and run this again; the translation stays;
  did not change it: its file may be in NOT_FOR_SHOPPERS (bin/words.py), or the message is inside an f-string;
  deleted it: make words FORGET=1 (bin/words.py --forget) deletes the translation too."""
PLACEHOLDER = re.compile(r"\{\w*\}")
HTML = re.compile(r"</?[a-z][^>]*>|&\w+;")


def messages() -> Catalog:
    """The messages in the code and the templates."""
    found = Catalog(header_comment=HEADER, fuzzy=False)
    for folder, method in METHODS.items():
        methods = [*((pattern, "ignore") for pattern in NOT_FOR_SHOPPERS[folder]), method]
        for file, _, message, _, context in extract_from_dir(ROOT / folder, methods, {"**.*": JINJA}, KEYWORDS):
            found.add(message, locations=[(f"{folder}/{file}", 0)], context=context)
    return found


def catalog() -> Catalog:
    """The texts of the demo catalogue and of the demo's checkout terms.

    Titles and tags are displayed untranslated. Their translations are search terms: synonyms for the product.
    """
    found = Catalog(header_comment=HEADER, fuzzy=False)
    with CATALOG.open("rb") as source:
        for draft in read(source, "EUR", Problems()):
            product = draft.product
            texts = [*texts_of(product.description), *product.categories, *product.options]
            texts += [value for variant in product.variants for value in variant.options]
            texts += [image.alt for image in product.images]
            for text in filter(None, texts):
                found.add(text, locations=[(product.handle, 0)])
            for name in (product.title, *product.tags):
                found.add(name, locations=[(product.handle, 0)], context=SEARCHED)
    terms = read_terms()
    for zone in terms.zones:
        for text in (zone.title, *(method.title for method in zone.methods)):
            found.add(text, locations=[("terms.json", 0)])
    for group in terms.taxes.groups:
        found.add(group.name, locations=[("terms.json", 0)])
    return found


def merged(template: Catalog, file: Path) -> Catalog:
    """The translations in a file, merged with the current messages; `obsolete` has those whose message is gone."""
    with file.open("rb") as source:
        there = read_po(source, locale=_language(file))
    there.obsolete.clear()
    there.update(template, no_fuzzy_matching=True, update_header_comment=True)
    there.fuzzy = False
    return there


def serialized(words: Catalog) -> bytes:
    """The contents of a catalogue's file; deterministic."""
    packed = BytesIO()
    write_po(packed, words, width=116, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return VOLATILE_HEADERS.sub(b"", packed.getvalue())


def files(domain: str) -> list[Path]:
    """The .po files of a domain."""
    return sorted(FOLDER.glob(f"*/LC_MESSAGES/{domain}.po"))


def problems(words: Catalog) -> Iterator[str]:
    """The problems of translations, as lines of text."""
    for message in words:
        if not message.id:
            continue
        for problem in _problems(message, words.num_plurals):
            yield f"{words.locale}: {problem}: {_texts(message.id)[0]}"


def _problems(message: Message, plurals: int) -> Iterator[str]:
    originals, translations = _texts(message.id), _texts(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(translations) or len(translations) != (plurals if message.pluralizable else 1):
        yield "not translated"
        return
    names = {name for original in originals for name in PLACEHOLDER.findall(original)}
    for translation in translations:
        used = set(PLACEHOLDER.findall(translation))
        if used - names or (names - used) - ({"{count}"} if message.pluralizable else set()):
            yield "uses other placeholders"
        if Counter(HTML.findall(translation)) not in [Counter(HTML.findall(original)) for original in originals]:
            yield "has different HTML"


def _texts(text: object) -> list[str]:
    return [text] if isinstance(text, str) else list(text) if isinstance(text, Iterable) else [""]


def _language(file: Path) -> str:
    return file.parent.parent.name.replace("-", "_")


def lost(words: Catalog) -> Iterator[str]:
    """Translations whose message is gone, as lines of text."""
    for message in words.obsolete.values():
        if any(_texts(message.string)):
            yield f"{words.locale}: translated, but no longer found: {_texts(message.id)[0]}"


def main(*, check: bool = False, forget: bool = False) -> int:
    """Update or check all catalogues. Returns the exit status."""
    all_words = _catalogues()
    show = partial(print, file=sys.stderr, sep="\n")
    if not (check or forget) and (gone := [line for words in all_words.values() for line in lost(words)]):
        show(*gone, LOST_TRANSLATION)
        return 1
    wrong = [line for file, words in all_words.items() if file.suffix == ".po" for line in problems(words)]
    for file, words in all_words.items():
        if not check:
            file.write_bytes(serialized(words))
        elif not file.is_file() or file.read_bytes() != serialized(words):
            wrong.append(f"{file.relative_to(ROOT)}: out of date: run make words")
    show(*wrong)
    return 1 if wrong and check else 0


def _catalogues() -> dict[Path, Catalog]:
    """File -> its up-to-date catalogue."""
    found: dict[Path, Catalog] = {}
    for domain, template in (("messages", messages()), ("catalog", catalog())):
        found[FOLDER / f"{domain}.pot"] = template
        found |= {file: merged(template, file) for file in files(domain)}
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Update the translation catalogues.")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing; exit with 1 if anything is wrong")
    either.add_argument("--forget", action="store_true", help="delete translations whose message is gone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(**vars(_arguments())))
