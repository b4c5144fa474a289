"""The watch page: `/{uid}/watch` with everything around the picture, `/{uid}/iframe` without it.

`/{uid}` alone is the CDN's player, which does not start by itself: see `player/options.js`.

The server fills in the current state; then `static/watch.js` requests the stream's media addresses,
which are next to the page's. All texts of users are escaped, and the policy forbids any script,
style and connection that is not from this server.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Literal
from urllib.parse import urljoin

from msgspec import Struct
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from emulator.platform.worlds import Worlds
from emulator.shapes.addresses import CDN_NAME
from emulator.version import __version__
from emulator.web.http.caller_address import used_by
from emulator.web.http.representation import Representation, digest, respond
from emulator.web.http.world_choice import of_media
from emulator.web.pages import assets
from emulator.web.playback.audience import remember
from emulator.world.library import clips, recordings
from emulator.world.library.clips import Clip
from emulator.world.library.recordings import Vod
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.video import videos
from emulator.world.video.videos import Video
from emulator.world.world import World

# The pages are also served under the CDN's name (contract, Media addresses).
_PREFIXES = ("", f"/{CDN_NAME}")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures} data:; "
    "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)

Frame = Literal["watch", "iframe", "player"]
# The address of each page below its prefix, and the base of the stream's addresses from there.
_PAGES: tuple[tuple[Frame, str, str], ...] = (
    ("watch", "/{uid}/watch", ""),
    ("watch", "/{uid}/watch/", "../"),
    ("iframe", "/{uid}/iframe", ""),
    ("iframe", "/{uid}/iframe/", "../"),
    ("player", "/{uid:cdn_uid}", "{uid}/"),
    ("player", "/{uid:cdn_uid}/", ""),
)
_SDK = "embed/sdk.js"


class _Uid(Convertor[str]):
    """A CDN uid: 32 hexadecimal digits. Other names at the root are not players."""

    regex = "[0-9a-f]{32}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("cdn_uid", _Uid())


class Watched(Struct, frozen=True):
    """The subject of a page. `kind`: a stream, which may start and end, or a recording.

    `status` is the stream's (`offline`, `live`, `ended`) or the recording's (`ready` and so on).
    """

    uid: str
    kind: Literal["stream", "recording"]
    title: str
    owner: str
    status: str
    has_media: bool


def routes(worlds: Worlds) -> list[Route]:
    """Return the routes of both pages, under both names of the media addresses, and their files."""
    return pages(lambda request: of_media(worlds, request).world)


def pages(world_of: Callable[[Request], World]) -> list[Route]:
    """Return the same routes for a caller with a world but without a platform."""

    def page(frame: Frame, base: str) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            watched = find(world_of(request), request.path_params["uid"])
            if watched is None:
                return _missing()
            response = _show(frame, watched, base.format(uid=watched.uid), request)
            remember(request, response)
            return response

        return show

    return [
        *(
            Route(f"{prefix}{path}", page(frame, base))
            for prefix in _PREFIXES
            for frame, path, base in _PAGES
        ),
        *(Route(f"{prefix}/embed/sdk.latest.js", _sdk) for prefix in _PREFIXES),
        *assets.routes(),
    ]


async def _sdk(request: Request) -> Response:
    """Answer the player SDK, for pages of any origin."""
    headers = {
        "Cache-Control": "public, max-age=60",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    content = assets.load().files[_SDK]
    media_type = "text/javascript; charset=utf-8"
    return respond(request, Representation(content, media_type, digest(content), headers))


def find(world: World, uid: str) -> Watched | None:
    """Return the stream, recording, video or clip with this CDN uid, or None."""
    stream = streams.by_uid(world, uid)
    if stream is not None:
        owner = _name(world, stream.user_pk)
        return Watched(uid, "stream", stream.title, owner, stream.status, stream.has_media)
    video: Vod | Video | Clip | None = (
        videos.by_uid(world, uid)
        or recordings.by_uid(world, uid)
        or recordings.by_upload(world, uid)
        or clips.by_uid(world, uid)
    )
    if video is None:
        return None
    owner = _name(world, video.user_pk)
    return Watched(uid, "recording", video.title, owner, video.status, video.status == "ready")


def _name(world: World, user_pk: int) -> str:
    user = accounts.by_pk(world, user_pk)
    return user.display_name or user.username


def _show(frame: Frame, watched: Watched, base: str, request: Request) -> Response:
    """Answer the page; it also describes its media for programs and other sites (ogp.me)."""
    http = used_by(request.url.scheme, request.headers) or ""
    address = urljoin(http + request.url.path, base)
    page = _template("watch.html" if frame == "watch" else "iframe.html").substitute(
        static=assets.load().address,
        stage=_template("stage.html").substitute(base=base),
        frame=frame,
        base=base,
        version=escape(__version__),
        uid=escape(watched.uid),
        kind=watched.kind,
        status=watched.status,
        has_media=str(watched.has_media).lower(),
        title=escape(watched.title),
        playlist=escape(urljoin(address, "manifest/video.m3u8")),
        thumbnail=escape(urljoin(address, "thumbnails/thumbnail.jpg")),
        owner=escape(watched.owner),
        initial=escape(watched.owner[:1].upper()),
    )
    # Any site may embed the player: that is its purpose.
    ancestors = "'self'" if frame == "watch" else "*"
    # A poster may come from any server; without one, all pictures are from this server.
    pictures = "*" if frame != "watch" and request.query_params.get("poster") else "'self'"
    return _html(page, 200, ancestors, pictures)


def _missing() -> Response:
    page = _template("missing.html").substitute(static=assets.load().address)
    return _html(page, 404, "*")


def _html(page: str, status: int, ancestors: str, pictures: str = "'self'") -> Response:
    return HTMLResponse(
        page,
        status_code=status,
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY.format(ancestors=ancestors, pictures=pictures),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@cache
def _template(name: str) -> Template:
    return Template((Path(__file__).parent / "templates" / name).read_text("utf-8"))
