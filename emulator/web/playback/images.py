"""Images: uploaded avatars, banners and thumbnails, and initials of users without a picture.

All are at the root and under the CDN's name, like all media. An image never changes: a new picture
gets a new address.
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.web.http.representation import Representation, respond
from emulator.web.http.world_choice import of_media
from emulator.web.playback.hls import PREFIXES
from emulator.world.library import thumbnails
from emulator.world.people import images
from emulator.world.people.names import is_username

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    # A browser must treat a file as its type says, and not find a page or a script in it.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_INITIAL = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
    '<rect width="96" height="96" fill="hsl({hue} 55% 42%)"/>'
    '<text x="48" y="64" font-family="sans-serif" font-size="48" fill="#fff"'
    ' text-anchor="middle">{letter}</text></svg>'
)


def routes(worlds: Worlds) -> list[Route]:
    async def uploaded(request: Request) -> Response:
        """Answer an avatar or a banner as it was uploaded."""
        platform = of_media(worlds, request)
        image = images.find(platform.world, request.path_params["uid"])
        return _answer(request, image.content, image.media_type, image.uid)

    async def added(request: Request) -> Response:
        """Answer a picture that was uploaded for a VOD."""
        platform = of_media(worlds, request)
        uid = request.path_params["name"]
        media_type, content = thumbnails.content(platform.world, uid)
        return _answer(request, content, media_type, uid)

    return [
        *(Route(f"{prefix}/{{uid}}/thumbnails/added/{{name}}", added) for prefix in PREFIXES),
        *(Route(f"{prefix}{images.INITIALS}/{{name}}.svg", _initial) for prefix in PREFIXES),
        *(Route(f"{prefix}{images.UPLOADED}/{{uid}}", uploaded) for prefix in PREFIXES),
    ]


async def _initial(request: Request) -> Response:
    """Answer the first letter of a name on the name's colour."""
    name = request.path_params["name"]
    if not is_username(name):
        raise Refused("not_found", "Not Found")
    svg = initial(name)
    return _answer(request, svg.encode(), "image/svg+xml", hashlib.sha256(svg.encode()).hexdigest())


def initial(name: str) -> str:
    """Return the picture of a username: always the same, whatever the case of its letters."""
    return _INITIAL.format(hue=images.hue(name), letter=images.letter(name))


def _answer(request: Request, content: bytes, media_type: str, tag: str) -> Response:
    return respond(request, Representation(content, media_type, tag, _HEADERS))
