"""Lays out HTML as PDF by WeasyPrint, of the extra `shop[pdf]`."""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec
from pathlib import Path

from shop.errors import PdfUnavailable
from shop.resources import resource_dir

STYLES = Path("css/pdf.css")

log = logging.getLogger(__name__)


def has_pdf() -> bool:
    """Whether the extra is installed."""
    return find_spec("weasyprint") is not None


class PdfPrinter:
    """Makes PDF files, one at a time, in a thread: each costs the processor about as much as a hundred pages."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()

    async def pdf(self, html: str) -> bytes:
        """A document as PDF. It loads nothing but the styles and fonts of this shop. Raises PdfUnavailable."""
        async with self._alone:
            return await asyncio.to_thread(_pdf, html)


def _pdf(html: str) -> bytes:
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # it loads Pango, a library of the system
        log.warning("No PDF can be made: %s", str(error).strip().partition("\n")[0])
        raise PdfUnavailable from error
    fonts = FontConfiguration()
    files, nothing = URLFetcher(allowed_protocols=("file",)), URLFetcher(allowed_protocols=())
    styles = CSS(filename=resource_dir("static") / STYLES, font_config=fonts, url_fetcher=files)
    document = HTML(string=isolated(html), url_fetcher=nothing)
    pdf: bytes = document.write_pdf(stylesheets=[styles], font_config=fonts)
    return pdf


def isolated(html: str) -> str:
    """HTML with Unicode's isolates inside <bdi>, which WeasyPrint does not know."""
    return html.replace("<bdi>", "<bdi>\N{FIRST STRONG ISOLATE}").replace("</bdi>", "\N{POP DIRECTIONAL ISOLATE}</bdi>")
