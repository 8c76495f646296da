"""Static files: read once at start, named by a hash of their content, compressed when first requested.

A page links 'css/shop.1f3a….css', which browsers may cache for ever; the plain name 'css/shop.css', and a name with the
hash of another release, work too, but are revalidated each time. A folder of style sheets or scripts is served as one
file: css/shop/*.css as 'css/shop.css'. A url("../…") in a style sheet is rewritten to the hashed name.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from shop.errors import NotFound
from shop.web.http.compression import COMPRESS_BEST, IDENTITY, SMALLEST, coding_of
from shop.web.http.reply import Header, Reply
from shop.web.http.request import ShopRequest
from shop.web.render import script, stylesheet

IMMUTABLE = b"public, max-age=31536000, immutable"
REVALIDATE = b"public, no-cache"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".avif": "image/avif"}
_TYPES |= {".webp": "image/webp", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml"}
_TYPES_BY_NAME = {"speculation-rules.json": "application/speculationrules+json"}
_LINK = re.compile(rb'url\("\.\./([^"]+)"\)')
HASH_BYTES = 4
"""Length of the hash in a file's name. Short, because a page names hundreds of files and hashes do not compress; a hash
only has to change when its own file changes."""
_HASHED = re.compile(rf"(.+)\.[0-9a-f]{{{2 * HASH_BYTES}}}(\.\w+)")
_MAX_RATIO = 0.9
"""A compressed file larger than this share of the original is discarded."""


class Asset:
    """A static file in memory."""

    def __init__(self, name: str, body: bytes) -> None:
        self.body = body
        self.tag = blake2b(body, digest_size=HASH_BYTES).hexdigest()
        known = _TYPES_BY_NAME.get(name) or _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
        media_type = known or "application/octet-stream"
        self._pays = not media_type.startswith("image/") or media_type == _TYPES[".svg"]
        self._coded: dict[str, bytes | None] = {}
        self.content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type

    async def reply(self, request: ShopRequest, cache_control: bytes) -> Reply:
        """The file, compressed if that pays and the client accepts it; 304 if the browser has it already."""
        tag = b'W/"%b"' % self.tag.encode()
        headers: list[Header] = [(b"content-type", self.content_type.encode()), (b"cache-control", cache_control)]
        headers += [(b"etag", tag), (b"vary", b"Accept-Encoding")]
        if tag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        coding = coding_of(request.raw_headers.get(b"accept-encoding", b""), SMALLEST)
        body = await self._compressed(coding) if self._pays and coding != IDENTITY else None
        if body is None:
            return Reply(200, headers, self.body)
        return Reply(200, [*headers, (b"content-encoding", coding.encode())], body)

    async def _compressed(self, coding: str) -> bytes | None:
        """The compressed content, made at the first request; None if it is not much smaller."""
        if coding not in self._coded:
            body = await asyncio.to_thread(COMPRESS_BEST[coding], self.body)
            self._coded[coding] = body if len(body) < len(self.body) * _MAX_RATIO else None
        return self._coded[coding]


class Assets:
    """All static files of a folder, by plain and by hashed name."""

    def __init__(self, folder: Path) -> None:
        self._plain: dict[str, Asset] = {}
        self._hashed: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        for name, body in _files(folder):
            asset = Asset(name, self._linked(body) if name.endswith(".css") else body)
            stem, dot, suffix = name.rpartition(".")
            hashed = f"{stem}.{asset.tag}{dot}{suffix}"
            self._plain[name], self._hashed[hashed] = asset, asset
            self._urls[name] = f"/static/{hashed}"

    def __contains__(self, name: str) -> bool:
        return name in self._plain

    def url(self, name: str) -> str:
        """The hashed URL of a file below static/, such as 'css/shop.css'; the plain URL of an unknown file."""
        return self._urls.get(name, f"/static/{name}")

    def body(self, name: str) -> bytes:
        """The content of a file below static/; raises KeyError."""
        return self._plain[name].body

    def _linked(self, css: bytes) -> bytes:
        return _LINK.sub(lambda link: f'url("{self.url(link[1].decode())}")'.encode(), css)

    async def serve(self, request: ShopRequest) -> Reply:
        """GET /static/{path}; raises NotFound."""
        name = request.path_params["path"].lstrip("/")
        if (asset := self._hashed.get(name)) is not None:
            return await asset.reply(request, IMMUTABLE)
        if (asset := self._plain.get(name) or self._of_another_release(name)) is not None:
            return await asset.reply(request, REVALIDATE)
        raise NotFound("There is no such file.")

    def _of_another_release(self, name: str) -> Asset | None:
        """The file that has this name with another hash: during a rollout, pages of two releases meet either's process.

        It may not be what the page was made for, but a page without style and script is worse.
        """
        found = _HASHED.fullmatch(name)
        return self._plain.get(found[1] + found[2]) if found else None


@lru_cache(maxsize=4)
def assets_of(folder: Path) -> Assets:
    """The files of a folder, read once per process."""
    return Assets(folder)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, a folder of scripts or style sheets as one file; style sheets come last."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if not name.startswith(("css/", "js/")):
            yield name, file.read_bytes()
    for kind, bundle in (("js", script.bundle), ("css", stylesheet.bundle)):
        for path in sorted((folder / kind).glob("*")):
            if path.is_dir():
                yield f"{kind}/{path.name}.{kind}", bundle(path)
            else:
                yield f"{kind}/{path.name}", path.read_bytes()
