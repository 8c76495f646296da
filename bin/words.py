#!/usr/bin/env python3
"""Renew the catalogues of translations from the words of the shop and of the demo catalogue.

Writes shop/locale/{messages,catalog}.pot and merges them into the .po files of each language: a new message has no
translation yet, a message that is gone is removed. If a message that is gone has a translation, nothing is written and
the exit status is 1, unless `--forget` is given. `--check` writes nothing; it prints what is missing, doubtful or not
as its message has it, and exits with 1.
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
    "shop": ("cli.py", "commands/**", "demo/**", "loadtest/**", "operations/**"),
    "templates": ("loadtest/**",),
}
"""Operators read these, in English. Every other file is searched for words, wherever it stands in its folder."""
METHODS = {"shop": ("**.py", "python"), "templates": ("**.*", "jinja2")}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "markup", "noted"), None),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    **dict.fromkeys(("NotFound", "InvalidInput", "CouponRefused", "PaymentDeclined", "CrossOriginRefused"), None),
    "PaymentUnavailable": None,
}
"""Functions, and errors whose words are for shoppers: they are translated where they are shown."""
JINJA = {"extensions": "shop.web.render.cache_tag.CacheTag", "trim_blocks": "1", "lstrip_blocks": "1", "silent": "0"}
"""Options of the extractor of templates; that of Python ignores them."""
HEADER = "# Neap's words. `make words` renews this file; only what stands after msgstr is written by hand."
VARYING = re.compile(
    rb'^"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By): .*\n",
    re.MULTILINE,
)
"""What would change with each run, or name people."""
KEPT = """\
Nothing was written. A message is gone although it is translated:
  reworded: write its new text after msgid in the .po files, then run this again: the translation stays;
  no longer read: its file may be listed in NOT_FOR_SHOPPERS (bin/words.py), or the message is inside an f-string;
  deleted on purpose: make words FORGET=1 (bin/words.py --forget) deletes the translation as well."""
FILLED_IN = re.compile(r"\{\w*\}")
HTML = re.compile(r"</?[a-z][^>]*>|&\w+;")


def messages() -> Catalog:
    """The words in the code and in the templates."""
    found = Catalog(header_comment=HEADER, fuzzy=False)
    for folder, method in METHODS.items():
        methods = [*((pattern, "ignore") for pattern in NOT_FOR_SHOPPERS[folder]), method]
        for file, _, message, _, context in extract_from_dir(ROOT / folder, methods, {"**.*": JINJA}, KEYWORDS):
            found.add(message, locations=[(f"{folder}/{file}", 0)], context=context)
    return found


def catalog() -> Catalog:
    """The words of the demo catalogue, and of the example's terms of checkout.

    Titles and tags are shown as they are. Their translations are for the search: all that one may call such a thing.
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
    for rule in terms.taxes.values():
        found.add(rule.name, locations=[("terms.json", 0)])
    return found


def renewed(template: Catalog, file: Path) -> Catalog:
    """The translations of a file, for the messages that there are now; in `obsolete`, those whose message is gone."""
    with file.open("rb") as source:
        there = read_po(source, locale=_language(file))
    there.obsolete.clear()
    there.update(template, no_fuzzy_matching=True, update_header_comment=True)
    there.fuzzy = False
    return there


def written(words: Catalog) -> bytes:
    """The file of a catalogue, the same bytes for the same words."""
    packed = BytesIO()
    write_po(packed, words, width=116, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return VARYING.sub(b"", packed.getvalue())


def files(domain: str) -> list[Path]:
    """The translations of a domain."""
    return sorted(FOLDER.glob(f"*/LC_MESSAGES/{domain}.po"))


def complaints(words: Catalog) -> Iterator[str]:
    """What is wrong with translations, a line each."""
    for message in words:
        if not message.id:
            continue
        for problem in _problems(message, words.num_plurals):
            yield f"{words.locale}: {problem}: {_texts(message.id)[0]}"


def _problems(message: Message, plurals: int) -> Iterator[str]:
    originals, translations = _texts(message.id), _texts(message.string)
    if message.fuzzy:
        yield "doubtful"
    if not all(translations) or len(translations) != (plurals if message.pluralizable else 1):
        yield "not translated"
        return
    names = {name for original in originals for name in FILLED_IN.findall(original)}
    for translation in translations:
        used = set(FILLED_IN.findall(translation))
        if used - names or (names - used) - ({"{count}"} if message.pluralizable else set()):
            yield "fills in other names"
        if Counter(HTML.findall(translation)) not in [Counter(HTML.findall(original)) for original in originals]:
            yield "has other HTML"


def _texts(text: object) -> list[str]:
    return [text] if isinstance(text, str) else list(text) if isinstance(text, Iterable) else [""]


def _language(file: Path) -> str:
    return file.parent.parent.name.replace("-", "_")


def lost(words: Catalog) -> Iterator[str]:
    """Translations whose message is gone, a line each."""
    for message in words.obsolete.values():
        if any(_texts(message.string)):
            yield f"{words.locale}: translated, but no longer found: {_texts(message.id)[0]}"


def main(*, check: bool = False, forget: bool = False) -> int:
    """Renew or check all catalogues; the exit status."""
    all_words = _catalogues()
    show = partial(print, file=sys.stderr, sep="\n")
    if not (check or forget) and (gone := [line for words in all_words.values() for line in lost(words)]):
        show(*gone, KEPT)
        return 1
    wrong = [line for file, words in all_words.items() if file.suffix == ".po" for line in complaints(words)]
    for file, words in all_words.items():
        if not check:
            file.write_bytes(written(words))
        elif not file.is_file() or file.read_bytes() != written(words):
            wrong.append(f"{file.relative_to(ROOT)}: not of today: make words")
    show(*wrong)
    return 1 if wrong and check else 0


def _catalogues() -> dict[Path, Catalog]:
    """Each file of words, and what belongs into it now."""
    found: dict[Path, Catalog] = {}
    for domain, template in (("messages", messages()), ("catalog", catalog())):
        found[FOLDER / f"{domain}.pot"] = template
        found |= {file: renewed(template, file) for file in files(domain)}
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Renew the catalogues of translations.")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing; exit with 1 if anything is wrong")
    either.add_argument("--forget", action="store_true", help="delete translations of messages that are gone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(**vars(_arguments())))
