"""Static files: read once at start, named by their content, kept compressed.

A page links 'css/shop.1f3a….css', which may be cached for ever; 'css/shop.css' answers too, to be asked again
each time. A folder of style sheets is served as one: css/shop/*.css as 'css/shop.css'. A style sheet names another file
by url("../…"), which becomes the name that may be kept for ever.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from shop.errors import NotFound
from shop.web.http.reply import Header, Reply
from shop.web.http.request import ShopRequest
from shop.web.render.stylesheet import joined

FOREVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"public, no-cache"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".avif": "image/avif"}
_TYPES |= {".webp": "image/webp", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml"}
_LINK = re.compile(rb'url\("\.\./([^"]+)"\)')
HASH_BYTES = 4
"""Of the content, in a file's name. A page names hundreds of files, and of a hash nothing can be compressed away; it
only has to be another one when its own file changes."""
_WORTH_PACKING = 0.9
"""A compressed form larger than this share of the file is not kept."""


class Asset:
    """A static file in memory."""

    __slots__ = ("body", "kind", "packed", "tag")

    def __init__(self, name: str, body: bytes) -> None:
        self.body = body
        self.tag = blake2b(body, digest_size=HASH_BYTES).hexdigest()
        kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        self.packed = None if self._is_photograph else self._pack()

    @property
    def _is_photograph(self) -> bool:
        """Compressed already, and too much to try in vain at each start."""
        return self.kind.startswith("image/") and self.kind != _TYPES[".svg"]

    def _pack(self) -> bytes | None:
        packed = gzip.compress(self.body, 9, mtime=0)
        return packed if len(packed) < len(self.body) * _WORTH_PACKING else None

    def reply(self, request: ShopRequest, cache_control: bytes) -> Reply:
        """The file, compressed where that pays and is understood; 304 where the browser has it already."""
        tag = b'W/"%b"' % self.tag.encode()
        headers: list[Header] = [(b"content-type", self.kind.encode()), (b"cache-control", cache_control)]
        headers += [(b"etag", tag), (b"vary", b"Accept-Encoding")]
        if tag in request.raw_headers.get(b"if-none-match", b""):
            return Reply(304, headers)
        if self.packed is not None and request.accepts_gzip:
            return Reply(200, [*headers, (b"content-encoding", b"gzip")], self.packed)
        return Reply(200, headers, self.body)


class Assets:
    """All static files of a folder, by their names with and without the content's hash."""

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
        """The address of a file below static/, such as 'css/shop.css'. A name we do not have is left as it is."""
        return self._urls.get(name, f"/static/{name}")

    def body(self, name: str) -> bytes:
        """What is in a file below static/; raises KeyError."""
        return self._plain[name].body

    def _linked(self, css: bytes) -> bytes:
        return _LINK.sub(lambda link: f'url("{self.url(link[1].decode())}")'.encode(), css)

    async def serve(self, request: ShopRequest) -> Reply:
        """GET /static/{path}; raises NotFound."""
        name = request.path_params["path"].lstrip("/")
        if (asset := self._hashed.get(name)) is not None:
            return asset.reply(request, FOREVER)
        if (asset := self._plain.get(name)) is not None:
            return asset.reply(request, ASK_AGAIN)
        raise NotFound("There is no such file.")


@lru_cache(maxsize=4)
def assets_of(folder: Path) -> Assets:
    """The files of a folder as they were when this process first read it."""
    return Assets(folder)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file by its name, and each folder of style sheets as the one that they make; style sheets come last."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if not name.startswith("css/"):
            yield name, file.read_bytes()
    for sheet in sorted((folder / "css").glob("*")):
        if sheet.is_dir():
            yield f"css/{sheet.name}.css", joined(sheet)
        else:
            yield f"css/{sheet.name}", sheet.read_bytes()
