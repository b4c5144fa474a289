"""`/_emulator/health`, `info` and `streams/{id}/ingest`: how the emulator itself is."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.web.errors import JSONResponse
from emulator.web.worlds import Worlds
from emulator.world.live import streams


def routes(worlds: Worlds) -> list[Route]:
    async def health(_: Request) -> Response:
        """200 once everything listens; the server answers 503 by itself while it stops."""
        is_ok = worlds.shared.state.is_ready
        return JSONResponse(
            {"status": "ok" if is_ok else "stopping", "version": worlds.shared.ready["version"]},
            status_code=200 if is_ok else 503,
        )

    async def info(_: Request) -> Response:
        return JSONResponse(worlds.shared.ready)

    async def ingest(request: Request) -> Response:
        """The publisher's health: codecs, bit rate, frame rate, key frames, drift, gaps."""
        platform = worlds.choose(request)
        stream = streams.find(platform.world, request.path_params["stream_id"])
        return JSONResponse(platform.broadcasts.health(stream.id))

    table: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("health", health),
        ("info", info),
        ("streams/{stream_id}/ingest", ingest),
    ]
    return [Route(f"/_emulator/{path}", endpoint) for path, endpoint in table]
