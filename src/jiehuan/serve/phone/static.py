"""The files that the pages are made of, made small once and named by what is in them."""

import dataclasses
import gzip
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

FOREVER: Final = "public, max-age=31536000, immutable"
BRIEFLY: Final = "max-age=60"
KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
NAMES: Final = (
    "mark.svg",
    "phone.css",
    "phone.js",
    "vendor/htmx.min.js",
    "vendor/weui.min.css",
)


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file.

    Attributes:
        kind: Its media type.
        data: As it is.
        small: The same, gzipped.
        mark: Another one whenever the file is another one.
    """

    kind: str
    data: bytes
    small: bytes
    mark: str


def _read(name: str) -> File:
    data = (files("jiehuan.serve") / "static" / name).read_bytes()
    mark = hashlib.sha256(data).hexdigest()[:12]
    return File(KINDS[name.rpartition(".")[2]], data, gzip.compress(data, mtime=0), mark)


FILES: Final[Mapping[str, File]] = {name.rpartition("/")[2]: _read(name) for name in NAMES}


def address(name: str) -> str:
    """Return the address of a file, which changes with what is in it."""
    return f"/phone/static/{name}?v={FILES[name].mark}"


def answer(name: str, request: Request) -> Response | None:
    """Return a file, or None if there is none of that name."""
    file = FILES.get(name)
    if file is None:
        return None
    asked_for_this = request.query_params.get("v") == file.mark
    headers = {
        "Cache-Control": FOREVER if asked_for_this else BRIEFLY,
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.small, 200, headers, file.kind)
    return Response(file.data, 200, headers, file.kind)
