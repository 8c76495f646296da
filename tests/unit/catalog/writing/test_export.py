"""An export reads back as the same products, whatever they contain."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.catalog.importers import read
from shop.catalog.importers.draft import Problems
from shop.catalog.importers.html import safe_html
from shop.catalog.model import TAX_CLASSES, Image, Product, Variant
from shop.catalog.writing.export import export_catalog
from shop.money import Money
from shop.typed import one_line
from tests.fixtures.catalog import file_of

signs = st.characters(exclude_categories=("C", "Z"))
words = st.text(signs, min_size=1, max_size=12).map(one_line).filter(bool)
texts = st.lists(words, min_size=1, max_size=4).map(" ".join)
sources = st.one_of(
    st.from_regex(r"img/[a-z0-9]{1,8}\.(svg|jpg)", fullmatch=True),
    st.from_regex(r"https://cdn\.example/[a-z0-9/?=&;%]{1,12}", fullmatch=True),
)
amounts = st.integers(0, 10**11)


@st.composite
def variants(draw: st.DrawFn, sku: str, options: tuple[str, ...], currency: str, images: int) -> Variant:
    price = draw(amounts)
    more = draw(st.none() | st.integers(1, 1000))
    return Variant(
        sku=sku,
        options=options,
        price=Money(price, currency),
        compare_at=None if more is None else Money(price + more, currency),
        stock=draw(st.none() | st.integers(0, 10**6)),
        weight=draw(st.integers(0, 10**6)),
        image=draw(st.none() | st.integers(0, images - 1)) if images else None,
        tax_class=draw(st.sampled_from(TAX_CLASSES)),
    )


@st.composite
def products(draw: st.DrawFn, handle: str) -> Product:
    names = draw(st.lists(texts.filter(lambda name: name != "Title"), max_size=3, unique=True))
    choices = draw(st.lists(st.tuples(*(texts for _ in names)), min_size=1, max_size=4 if names else 1, unique=True))
    images = draw(st.lists(sources, max_size=4, unique=True))
    currency = draw(st.sampled_from(("EUR", "JPY", "USD", "KWD")))
    skus = [one_line(f"{handle}/{draw(words.filter(lambda word: len(word) < 9))}{n}") for n in range(len(choices))]
    return Product(
        handle=handle,
        title=draw(texts),
        description=safe_html(draw(st.text(max_size=40) | texts.map("<p>{}</p><ul><li>x</li></ul>".format))),
        variants=tuple(
            draw(variants(sku, choice, currency, len(images))) for sku, choice in zip(skus, choices, strict=True)
        ),
        vendor=draw(texts | st.just("")),
        categories=tuple(draw(st.lists(texts, max_size=3, unique=True))),
        tags=tuple(draw(st.lists(texts.filter(lambda tag: "," not in tag), max_size=3, unique=True))),
        options=tuple(names),
        images=tuple(Image(source, draw(texts | st.just(""))) for source in images),
        published=draw(st.booleans()),
        created_at=draw(st.integers(1, 4_000_000_000)),
    )


catalogues = st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True), max_size=4, unique=True).flatmap(
    lambda handles: st.tuples(*map(products, handles))
)


async def one_by_one(catalogue: tuple[Product, ...]) -> AsyncIterator[Product]:
    for product in catalogue:
        yield product


@settings(max_examples=60)
@given(catalogues)
def test_an_export_reads_back_as_the_same_products(catalogue: tuple[Product, ...]) -> None:
    file, problems = io.StringIO(newline=""), Problems()
    assert asyncio.run(export_catalog(one_by_one(catalogue), file)) == len(catalogue)
    drafts = list(read(file_of(file.getvalue()), "GBP", problems))
    assert problems.rows() == ()
    assert problems.warnings == []
    assert tuple(msgspec.structs.replace(draft.product, rank=0) for draft in drafts) == catalogue


@settings(max_examples=150)
@given(st.text(alphabet="<>/abp &;=\"'!-\n", max_size=60) | st.text(max_size=40))
def test_sanitising_twice_changes_nothing_more(text: str) -> None:
    once = safe_html(text)
    assert safe_html(once) == once
