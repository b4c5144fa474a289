"""Assets: the files of the emulator's own pages, served from this package.

Their addresses contain a digest of their content, so browsers may cache them for ever and never
show an old one. No path from a request is ever opened: names are looked up in a table. Large and
rarely used files are compressed (`.xz`), and served under the name without that suffix.
"""

import asyncio
import hashlib
from functools import cache
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused

_PACKED = ".xz"
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
    """All files by name, and a digest of all of them."""

    files: dict[str, bytes]
    digest: str

    @property
    def address(self) -> str:
        """The address of the files, without a slash at the end."""
        return f"{PREFIX}/{self.digest}"


@cache
def load() -> Assets:
    """Read the files once, at the first request, because a start must not be slowed down."""
    files = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and (path.suffix in _MEDIA_TYPES or path.suffix == _PACKED)
    }
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Assets(files, digest.hexdigest()[:12])


@cache
def unpacked(name: str) -> bytes:
    """Decompress a file. Refuses (`unavailable`) if Python was built without lzma."""
    try:
        import lzma
    except ImportError:
        raise Refused(
            "unavailable",
            "This Python has no lzma module: install one that was built with liblzma.",
        ) from None
    return lzma.decompress(load().files[f"{name}{_PACKED}"])


def routes() -> list[Route]:
    return [Route(f"{PREFIX}/{{digest}}/{{name:path}}", _serve)]


async def _serve(request: Request) -> Response:
    """Answer one file. Refuses (`not_found`) an unknown name, and the digest of another release."""
    assets = load()
    name = request.path_params["name"]
    is_packed = f"{name}{_PACKED}" in assets.files
    is_known = is_packed or (name in assets.files and not name.endswith(_PACKED))
    if request.path_params["digest"] != assets.digest or not is_known:
        raise Refused("not_found", "Not Found")
    return Response(
        await asyncio.to_thread(unpacked, name) if is_packed else assets.files[name],
        media_type=_MEDIA_TYPES[Path(name).suffix],
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
