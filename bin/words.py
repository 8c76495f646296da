#!/usr/bin/env python3
"""Renew the catalogues of translations from the words of the shop and of the demo catalogue; `--check` changes nothing.

Writes shop/locale/{messages,catalog}.pot and merges them into the .po files of each language: what is new there has no
translation yet, what is gone is taken out. `--check` prints what is missing, doubtful or not as its message has it, and
exits with 1.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shop.catalog.demo import CATALOG  # noqa: E402 - a script beside the package
from shop.catalog.importers import read  # noqa: E402
from shop.catalog.importers.draft import Problems  # noqa: E402
from shop.checkout.pricing.terms import read_terms  # noqa: E402
from shop.i18n import SEARCHED, texts_of  # noqa: E402
from shop.languages import FOLDER  # noqa: E402

PYTHON = (
    "shop/errors.py",
    "shop/i18n.py",
    "shop/cart/model.py",
    "shop/catalog/reading/facets.py",
    "shop/checkout/**/*.py",
    "shop/web/**/*.py",
)
TEMPLATES = "templates/**/*.*"
NOT_FOR_SHOPPERS = {"loadtest"}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "markup", "noted"), None),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    **dict.fromkeys(("NotFound", "InvalidInput", "CouponRefused", "PaymentDeclined", "CrossOriginRefused"), None),
    **dict.fromkeys(("StoreBusy", "PaymentUnavailable"), None),
}
"""Functions, and errors whose words are for shoppers: they are translated where they are shown."""
TAGS = {"extensions": "shop.web.render.cache_tag.CacheTag", "trim_blocks": "1", "lstrip_blocks": "1", "silent": "0"}
HEADER = "# Neap's words. `make words` renews this file; only what stands after msgstr is written by hand."
VARYING = re.compile(
    rb'^"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By): .*\n",
    re.MULTILINE,
)
"""What would change with each run, or name people."""
FILLED_IN = re.compile(r"\{\w*\}")
HTML = re.compile(r"</?[a-z][^>]*>|&\w+;")


def messages() -> Catalog:
    """The words in the code and in the templates."""
    found = Catalog(header_comment=HEADER, fuzzy=False)
    for pattern in PYTHON:
        for file in sorted(ROOT.glob(pattern)):
            _extract(found, "python", file)
    for file in sorted(ROOT.glob(TEMPLATES)):
        if file.is_file() and file.parent.name not in NOT_FOR_SHOPPERS:
            _extract(found, "jinja2", file)
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


def _extract(found: Catalog, method: str, file: Path) -> None:
    with file.open("rb") as source:
        for _, message, _, context in extract(method, source, KEYWORDS, options=TAGS if method == "jinja2" else {}):
            found.add(message, locations=[(file.relative_to(ROOT).as_posix(), 0)], context=context)


def renewed(template: Catalog, file: Path) -> Catalog:
    """The translations of a file, for the messages that there are now."""
    with file.open("rb") as source:
        there = read_po(source, locale=_language(file))
    there.update(template, no_fuzzy_matching=True, update_header_comment=True)
    there.obsolete.clear()
    there.fuzzy = False
    return there


def written(words: Catalog) -> bytes:
    """The file of a catalogue, the same bytes for the same words."""
    packed = BytesIO()
    write_po(packed, words, width=116, sort_output=True, include_lineno=False)
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


def main(check: bool) -> int:
    """Renew or check all catalogues."""
    wrong: list[str] = []
    for domain, extracted in (("messages", messages), ("catalog", catalog)):
        template = extracted()
        pot = FOLDER / f"{domain}.pot"
        for file, words in [(pot, template), *((file, renewed(template, file)) for file in files(domain))]:
            if check:
                same = file.is_file() and file.read_bytes() == written(words)
                wrong += [] if same else [f"{file.relative_to(ROOT)}: not of today: make words"]
            else:
                file.write_bytes(written(words))
            wrong += [] if file == pot else complaints(words)
    show = partial(print, file=sys.stderr)
    show(*wrong, sep="\n")
    return 1 if wrong and check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
