"""Assets: the files that the emulator's own pages are made of, served from our own package.

Their address carries a digest of their content, so that a browser may keep them for ever and still
never shows an old one. Nothing is read from a path that a request names: names are looked up.
"""

import hashlib
from functools import cache
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused

FOLDER = Path(__file__).parent / "static"
PREFIX = "/_emulator/static"

_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
    "": "text/plain",
}


class Assets(Struct, frozen=True):
    """Every file by its name, and the digest of them all."""

    files: dict[str, bytes]
    digest: str

    @property
    def address(self) -> str:
        """Where they are served, without a slash at the end."""
        return f"{PREFIX}/{self.digest}"


@cache
def load() -> Assets:
    """The files, read once: at the first request, since a start must not pay for them."""
    files = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA_TYPES
    }
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Assets(files, digest.hexdigest()[:12])


def routes() -> list[Route]:
    return [Route(f"{PREFIX}/{{digest}}/{{name:path}}", _serve)]


async def _serve(request: Request) -> Response:
    """One file. Refuses (`not_found`) an unknown name, and the digest of another release."""
    assets = load()
    name = request.path_params["name"]
    if request.path_params["digest"] != assets.digest or name not in assets.files:
        raise Refused("not_found", "Not Found")
    return Response(
        assets.files[name],
        media_type=_MEDIA_TYPES[Path(name).suffix],
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
