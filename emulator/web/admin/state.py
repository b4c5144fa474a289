"""`/_emulator/health`, `info` and `streams/{id}/ingest`: how the emulator itself is."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.platform.worlds import Worlds
from emulator.web.errors import JSONResponse
from emulator.web.http.world_choice import choose
from emulator.world.live import streams


def _degraded(worlds: Worlds) -> Refused | None:
    """Why there is no room on the disk; None where there is some."""
    try:
        for platform in worlds.all():
            if platform.world.store.failure is not None:
                platform.world.store.check_writable()
        worlds.shared.media_store.check_disk()
    except Refused as refused:
        return refused
    return None


def routes(worlds: Worlds) -> list[Route]:
    async def health(_: Request) -> Response:
        """200 once everything listens; the server answers 503 by itself while it stops.

        `degraded`, with a `reason`, is 200 too: reads and players are answered, but what needs
        room on the disk is refused. Looked at anew each time.
        """
        version = worlds.shared.ready["version"]
        if not worlds.shared.state.is_ready:
            return JSONResponse({"status": "stopping", "version": version}, status_code=503)
        refusal = _degraded(worlds)
        if refusal is not None:
            payload = {"status": "degraded", "version": version, "reason": refusal.message}
            return JSONResponse(payload)
        return JSONResponse({"status": "ok", "version": version})

    async def info(_: Request) -> Response:
        return JSONResponse({**worlds.shared.ready, **worlds.shared.addresses.ready()})

    async def ingest(request: Request) -> Response:
        """The publisher's health: codecs, bit rate, frame rate, key frames, drift, gaps."""
        platform = choose(worlds, request)
        stream = streams.find(platform.world, request.path_params["stream_id"])
        return JSONResponse(platform.service(Broadcasts).health(stream.id))

    table: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("health", health),
        ("info", info),
        ("streams/{stream_id}/ingest", ingest),
    ]
    return [Route(f"/_emulator/{path}", endpoint) for path, endpoint in table]
