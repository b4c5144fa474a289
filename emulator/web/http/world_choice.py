"""World choice: the world of a request, by its credential, header, host or media address."""

from starlette.requests import HTTPConnection

from emulator.platform.platform import Platform
from emulator.platform.worlds import Worlds
from emulator.web.auth import credential, world_of
from emulator.web.http.headers import header

HEADER = b"x-emulator-world"


def choose(worlds: Worlds, request: HTTPConnection, token: str | None = None) -> Platform:
    """Return the world that a request's key or token, header or host names, or else `default`.

    `token` is the credential if it is not in a header. Refuses (`not_found`) a header or host that
    names no world.
    """
    name = world_of(credential(request) if token is None else token)
    if worlds.has(name):
        return worlds.find(name)
    named = header(request.scope, HEADER)
    if named:
        return worlds.find(named)
    return worlds.directory.by_host(header(request.scope, b"host"))


def of_media(worlds: Worlds, request: HTTPConnection) -> Platform:
    """Return the world of a media address's `uid`; the request's own world is tried first."""
    return worlds.directory.by_uid(request.path_params["uid"], choose(worlds, request))
