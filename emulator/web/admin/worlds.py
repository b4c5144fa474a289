"""`/_emulator/worlds` and `reset`: isolated platforms for tests that run side by side."""

from typing import TypedDict

from pydantic import Field

from emulator.core.world_clock import WorldClock
from emulator.web.api.live.instants import Instant, milliseconds
from emulator.web.api.models import Request
from emulator.web.platform import Platform
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.worlds import NAME
from emulator.world.world import DEFAULT


class WorldCreate(Request):
    """`seed` is `default`, `none` or a seed file's path, as for `--seed`.

    `now`: the world's time stands at that instant, so that all it tells is the same every time.
    """

    name: str = Field(pattern=f"^{NAME.pattern}$", max_length=63)
    seed: str = Field("default", min_length=1, max_length=4096)
    now: Instant | None = None


class WorldShape(TypedDict):
    """`api_key` is the demo account's; any key of this world is one with `@` and its name behind.

    `host` chooses the world for a client that cannot send headers.
    """

    name: str
    seed: str
    api_key: str
    host: str


class WorldList(TypedDict):
    worlds: list[WorldShape]
    total: int


def page(call: Call) -> WorldList:
    """List the worlds."""
    found = call.platform.worlds.all()
    return {"worlds": [_shape(each) for each in found], "total": len(found)}


def create(call: Call) -> WorldShape:
    """Make a world, fresh from a seed."""
    wishes = call.body_as(WorldCreate)
    clock = WorldClock.standing(milliseconds(wishes.now)) if wishes.now else None
    return _shape(call.platform.worlds.make(wishes.name, wishes.seed, clock))


async def drop(call: Call) -> None:
    """Drop a world: publishers are disconnected, its media is removed."""
    await call.platform.worlds.drop(call.path["name"])


async def reset(call: Call) -> WorldShape:
    """Put this world back to its seed."""
    await call.platform.worlds.reset(call.platform)
    return _shape(call.platform)


def _shape(platform: Platform) -> WorldShape:
    name = platform.world.name
    port = str(platform.ready.get("http", "")).rpartition(":")[2]
    return {
        "name": name,
        "seed": platform.seed,
        "api_key": "ak_demo" if name == DEFAULT else f"ak_demo@{name}",
        "host": f"{name}.localhost:{port}",
    }


OPERATIONS = [
    Operation(method="GET", path="/worlds", auth="public", answer=page, provenance="assumed"),
    Operation(
        method="POST",
        path="/worlds",
        auth="public",
        answer=create,
        body=WorldCreate,
        status=201,
        refuses=("conflict", "invalid"),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path="/worlds/{name}",
        auth="public",
        answer=drop,
        status=204,
        refuses=("conflict", "not_found"),
        provenance="assumed",
    ),
    Operation(method="POST", path="/reset", auth="public", answer=reset, provenance="assumed"),
]
