"""World choice: which world a request means: by its credential, its header, its host, its media."""

from starlette.requests import HTTPConnection

from emulator.platform.platform import Platform
from emulator.platform.worlds import Worlds
from emulator.web.auth import credential, header, world_of

HEADER = b"x-emulator-world"


def choose(worlds: Worlds, request: HTTPConnection, token: str | None = None) -> Platform:
    """By its key or token, its header, its host; or `default`.

    `token` is the credential where it does not stand in a header. Refuses (`not_found`) a header
    or host that names no world.
    """
    name = world_of(credential(request) if token is None else token)
    if worlds.has(name):
        return worlds.find(name)
    named = header(request.scope, HEADER)
    if named:
        return worlds.find(named)
    return worlds.directory.by_host(header(request.scope, b"host"))


def of_media(worlds: Worlds, request: HTTPConnection) -> Platform:
    """The world that a media address's `uid` belongs to; the request's own goes first."""
    return worlds.directory.by_uid(request.path_params["uid"], choose(worlds, request))
