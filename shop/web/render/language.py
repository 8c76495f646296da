"""Chooses the language of a response: ?lang= in the address, else the cookie, else Accept-Language.

?lang= works like the language switch: the choice is stored in the cookie, so that later requests of the page get the
same language.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar.types import HTTPResponseStartEvent

from shop.i18n import Language, spoken
from shop.web.http.reply import VARY
from shop.web.http.request import ShopRequest
from shop.web.http.session import Sessions, SetCookie
from shop.web.render.views import Alternate, LanguageLink

COOKIE = "language"
PARAMETER = "lang"
_IN_QUERY = b"lang="
_MAX_HEADER = 200
"""Bytes of an Accept-Language header that are parsed, and cached."""
_MAX_QUERY = 2000
"""Bytes of a query string that are parsed, and cached."""


class Languages:
    """The offered languages. The first is the default, for shoppers who prefer none of them."""

    def __init__(self, offered: tuple[Language, ...], sessions: Sessions) -> None:
        self.offered = offered
        self._sessions = sessions
        self._by_code = {language.code: language for language in offered}
        self._codes = tuple(self._by_code)
        self._links = {
            spoken: tuple(LanguageLink(each.code, each.name, each is spoken) for each in offered)
            for spoken in (offered if len(offered) > 1 else ())
        }

    @property
    def first(self) -> str:
        """The code of the default language, whose canonical addresses have no ?lang=."""
        return self._codes[0]

    def links(self) -> tuple[LanguageLink, ...]:
        """The languages for the switch; empty if only one is offered."""
        return self._links.get(spoken(), ())

    def alternates(self, site: str, path: str) -> tuple[Alternate, ...]:
        """The page in each language for search engines, last the plain address, which negotiates the language."""
        if len(self._codes) == 1:
            return ()
        named = (Alternate(code, site + self._path(path, code)) for code in self._codes)
        return (*named, Alternate("x-default", site + path))

    def addressed(self, path: str) -> str:
        """The canonical address of a page in the current language."""
        return self._path(path, spoken().code)

    def _path(self, path: str, code: str) -> str:
        return path if code == self.first else in_language(path, code)

    def __contains__(self, code: str) -> bool:
        return code in self._by_code

    def of(self, request: ShopRequest) -> Language:
        """The language of a request."""
        query = request.scope["query_string"]
        named = _IN_QUERY in query and self._by_code.get(_query_language(query))
        return named or self._preferred(request)

    def _preferred(self, request: ShopRequest) -> Language:
        if chosen := self._by_code.get(request.cookies.get(COOKIE, "")):
            return chosen
        return self._by_code[best(_truncated(request.raw_headers.get(b"accept-language", b"")), self._codes)]

    def remembered(self, response: HTTPResponseStartEvent, request: ShopRequest) -> list[SetCookie]:
        """The cookie of the language in the address, unless the browser has that cookie already.

        A reply that is the same in every language gets no cookie: shared caches may store it for others.
        """
        query = request.scope["query_string"]
        if _IN_QUERY not in query:
            return []
        code = _query_language(query)
        shown = response["status"] < 400 and VARY in response["headers"]
        is_new = code in self and shown and request.cookies.get(COOKIE) != code
        return [self._sessions.remember_language(request, code)] if is_new else []


def in_language(path: str, code: str) -> str:
    """The path with ?lang= for a language; with `code` '' without it, so that the language is negotiated."""
    parts = urlsplit(path)
    others = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != PARAMETER]
    query = urlencode([*others, (PARAMETER, code)] if code else others)
    return parts._replace(query=query).geturl()


def _truncated(header: bytes) -> bytes:
    """The first _MAX_HEADER bytes of a list header, cut after a whole member."""
    return header if len(header) <= _MAX_HEADER else header[:_MAX_HEADER].rpartition(b",")[0]


@lru_cache(maxsize=1024)
def best(accepted: bytes, offered: tuple[str, ...]) -> str:
    """The code that fits an Accept-Language header best (RFC 9110, 12.5.4); the first if none does.

    Look-up as in RFC 4647, 3.4: 'de-AT' finds 'de'. In addition 'de' finds 'de-AT' if there is no 'de'.
    """
    weighted = sorted(_ranges(accepted.decode("latin-1").lower()), key=lambda pair: -pair[1])
    refused = {name for name, weight in weighted if not weight}
    allowed = {code.lower(): code for code in offered if code.lower() not in refused}
    for name, weight in weighted:
        if weight and (found := next(iter(allowed), "") if name == "*" else _lookup(name, allowed)):
            return allowed[found]
    return offered[0]


def _lookup(name: str, codes: Collection[str]) -> str:
    candidate = name
    while candidate:
        if candidate in codes:
            return candidate
        candidate = candidate.rpartition("-")[0]
    return next((code for code in codes if code.startswith(f"{name}-")), "")


def _ranges(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.split(","):
        name, _, rest = part.partition(";")
        try:
            weight = float(rest.replace(" ", "").partition("q=")[2] or 1)
        except ValueError:
            continue
        if name.strip() and 0 <= weight <= 1:
            found.append((name.strip(), weight))
    return found


def _query_language(query_string: bytes) -> str:
    return _parameter(query_string[:_MAX_QUERY])


@lru_cache(maxsize=1024)
def _parameter(query_string: bytes) -> str:
    try:
        pairs = parse_qsl(query_string.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return ""
    return next((value for name, value in pairs if name == PARAMETER), "")
