"""What injected faults make of playlists and media on their way to players (`world/faults/media`).

An answer that a fault has made says so in `X-Emulator-Fault`, and is kept by no cache.
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

# A slow body comes in so many pieces a second.
_PIECES_A_SECOND = 10
_STALLED_KEPT_MAX = 1_000
_STALL_MS_MAX = 300_000
_NOT_COPIED = (b"content-length", b"cache-control", b"etag")


class Asked(Struct, frozen=True):
    """What a player asks for: of which stream, and whether a playlist or which kind of media."""

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
    """What kind of media a file's name says it is."""
    kind = name.partition("-")[0]
    return {"seg": "segment"}.get(kind, kind)


async def apply_faults(asked: Asked, make: Make) -> Response:
    """What is answered, as `make` makes it or as a fault has it."""
    faults = asked.world.faults
    missing = faults.strike(MediaMissing, asked.subject, **asked.facts)
    if missing is not None:
        raise Refused("not_found", "There is no such media file.", fault=missing.label)
    if asked.what == "playlist":
        return await _playlist(asked, make)
    response = await make()
    if response.status_code not in (200, 206):
        return response
    truncated = faults.strike(MediaTruncate, asked.subject, **asked.facts)
    if truncated is not None:
        body = bytes(response.body)
        data = body[: int(len(body) * truncated.fault.share_sent)]
        response = _replaced(response, Response(data), truncated.label)
    slow = faults.strike(MediaSlow, asked.subject, **asked.facts)
    if slow is None:
        return response
    await pause(asked.world.clock, slow.fault.delay_ms)
    body = bytes(response.body)
    return _replaced(response, _slowly(asked.world, body, slow.fault.kbits), slow.label)


async def _playlist(asked: Asked, make: Make) -> Response:
    """While it stalls, the playlist is what it was; requests for more wait until it is over."""
    query = asked.request.query_params
    stall = asked.world.faults.strike(MediaStall, asked.subject, **asked.facts)
    if stall is None:
        return await make()
    if "_HLS_msn" in query:
        await wait_until_over(asked.world, stall, _STALL_MS_MAX)
        return await make()
    # One answer an encoding: what was compressed for one player, another may not read.
    key = f"{asked.request.url.path} {prefers_gzip(asked.request.headers)}"
    response: Response | None = stall.remembered.get(key)
    if response is None:
        response = await make()
        if response.status_code == 200 and len(stall.remembered) < _STALLED_KEPT_MAX:
            stall.remembered[key] = response
    # A new one each time: on its way out, an answer gets headers of its own.
    return _replaced(response, Response(bytes(response.body)), stall.label)


def stalling(world: World, stream_id: str, session: str) -> Callable[[], bool]:
    """Whether a fault stalls a viewer that asks for nothing: one over WebRTC.

    Each fault that begins strikes them once, or does not.
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
    """The answer `after` in the place of the one before."""
    after.status_code = before.status_code
    known = [header for header in after.raw_headers if header[0] == b"content-length"]
    after.raw_headers = [
        *(header for header in before.raw_headers if header[0] not in _NOT_COPIED),
        *known,
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
