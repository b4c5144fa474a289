"""The effects of injected faults on playlists and media for players (`world/faults/media`).

An answer made by a fault says so in `X-Emulator-Fault`, and must not be cached.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from emulator.core.errors import Refused
from emulator.web.http.injected_faults import HEADER, wait_until_over
from emulator.web.http.representation import prefers_gzip
from emulator.web.http.waiting import pause
from emulator.world.faults.media import MediaMissing, MediaSlow, MediaStall, MediaTruncate
from emulator.world.world import World

Make = Callable[[], Awaitable[Response]]

# The pieces per second of a slow body.
_PIECES_A_SECOND = 10
_STALLED_KEPT_MAX = 1_000
_STALL_MS_MAX = 300_000
_NOT_COPIED = (b"content-length", b"cache-control", b"etag")


class MediaRequest(Struct, frozen=True):
    """The request of a player: its stream, and a playlist or the kind of media."""

    world: World
    request: Request
    stream_id: str
    what: str

    @property
    def facts(self) -> dict[str, str]:
        return {"stream": self.stream_id, "what": self.what}

    @property
    def subject(self) -> str:
        return f"GET {self.request.url.path}"


def what_of(name: str) -> str:
    """Return the kind of media by a file's name."""
    kind = name.partition("-")[0]
    return {"seg": "segment"}.get(kind, kind)


async def apply_faults(media_request: MediaRequest, make: Make) -> Response:
    """Return the answer of `make`, changed or replaced by faults that strike."""
    faults = media_request.world.faults
    missing = faults.strike(MediaMissing, media_request.subject, **media_request.facts)
    if missing is not None:
        raise Refused("not_found", "There is no such media file.", fault=missing.label)
    if media_request.what == "playlist":
        return await _playlist(media_request, make)
    response = await make()
    if response.status_code not in (200, 206):
        return response
    truncated = faults.strike(MediaTruncate, media_request.subject, **media_request.facts)
    if truncated is not None:
        body = bytes(response.body)
        data = body[: int(len(body) * truncated.fault.share_sent)]
        response = _replaced(response, Response(data), truncated.label)
    slow = faults.strike(MediaSlow, media_request.subject, **media_request.facts)
    if slow is None:
        return response
    await pause(media_request.world.clock, slow.fault.delay_ms)
    body = bytes(response.body)
    return _replaced(response, _slowly(media_request.world, body, slow.fault.kbits), slow.label)


async def _playlist(media_request: MediaRequest, make: Make) -> Response:
    """Return the old playlist during a stall; blocking requests wait until it is over."""
    query = media_request.request.query_params
    stall = media_request.world.faults.strike(
        MediaStall, media_request.subject, **media_request.facts
    )
    if stall is None:
        return await make()
    if "_HLS_msn" in query:
        await wait_until_over(media_request.world, stall, _STALL_MS_MAX)
        return await make()
    # One answer for each encoding: a compressed one is unreadable for other players.
    key = f"{media_request.request.url.path} {prefers_gzip(media_request.request.headers)}"
    response: Response | None = stall.remembered.get(key)
    if response is None:
        response = await make()
        if response.status_code == 200 and len(stall.remembered) < _STALLED_KEPT_MAX:
            stall.remembered[key] = response
    # A new object each time, because headers are added to each answer.
    return _replaced(response, Response(bytes(response.body)), stall.label)


def stalling(world: World, stream_id: str, session: str) -> Callable[[], bool]:
    """Return a function: whether a fault stalls a viewer over WebRTC, which sends no requests.

    Each fault that begins strikes or spares the viewer once.
    """
    judged: set[str] = set()
    is_struck = False

    def over() -> None:
        nonlocal is_struck
        is_struck = False

    def is_stalled() -> bool:
        nonlocal is_struck
        faults = world.faults
        if is_struck or not faults.are_on:
            return is_struck
        new = {active.id for active in faults.on(MediaStall)} - judged
        if new:
            judged.update(new)
            subject = f"WebRTC viewer {session[:40]}"
            stall = faults.strike(MediaStall, subject, stream=stream_id, what="")
            if stall is not None:
                is_struck = True
                stall.when_over.append(over)
        return is_struck

    return is_stalled


def _replaced(before: Response, after: Response, label: str) -> Response:
    """Return the answer `after` with the status and headers of `before`."""
    after.status_code = before.status_code
    length = [header for header in after.raw_headers if header[0] == b"content-length"]
    after.raw_headers = [
        *(header for header in before.raw_headers if header[0] not in _NOT_COPIED),
        *length,
    ]
    after.headers["Cache-Control"] = "no-store"
    after.headers[HEADER] = label
    return after


def _slowly(world: World, body: bytes, kbits: int) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        size = max(1, kbits * 125 // _PIECES_A_SECOND)
        for start in range(0, len(body), size):
            await pause(world.clock, 1_000 // _PIECES_A_SECOND)
            yield body[start : start + size]

    if not kbits:
        return Response(body)
    return StreamingResponse(pieces(), headers={"Content-Length": str(len(body))})
