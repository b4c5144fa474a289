"""`/_emulator/health`: whether the emulator works. Probes call it early, so it imports no table."""

from typing import Literal, NotRequired, TypedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.version import __version__
from emulator.web.errors import JSONResponse


class Health(TypedDict):
    """`reason` says why it is degraded."""

    status: Literal["ok", "degraded", "stopping"]
    version: str
    reason: NotRequired[str]


def health_of(worlds: Worlds) -> tuple[int, Health]:
    """Return the status and body: 200 once everything listens, 503 while the server stops.

    `degraded`, with a `reason`, is 200 too: reads and players are answered, but writes to the full
    disk are refused. It is checked at each call.
    """
    if not worlds.shared.state.is_ready:
        return 503, {"status": "stopping", "version": __version__}
    refusal = _degraded(worlds)
    if refusal is not None:
        return 200, {"status": "degraded", "version": __version__, "reason": refusal.message}
    return 200, {"status": "ok", "version": __version__}


def routes(worlds: Worlds) -> list[Route]:
    """Return the routes of both spellings; the table of the admin API documents them."""

    async def health(_: Request) -> Response:
        status, payload = health_of(worlds)
        return JSONResponse(payload, status_code=status)

    return [Route(path, health) for path in ("/_emulator/health", "/_emulator/health/")]


def _degraded(worlds: Worlds) -> Refused | None:
    """Return why nothing can be written to the disk; None if it can."""
    try:
        for platform in worlds.all():
            if platform.world.store.failure is not None:
                platform.world.store.check_writable()
        worlds.shared.media_store.check_disk()
    except Refused as refused:
        return refused
    return None
