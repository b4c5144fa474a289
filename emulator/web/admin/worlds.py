"""`/_emulator/worlds` and `reset`: isolated platforms for tests that run side by side."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from emulator.busy_files import remove_tree
from emulator.core.errors import Refused
from emulator.core.world_clock import WorldClock
from emulator.platform import snapshots, transfer
from emulator.platform.platform import Platform
from emulator.platform.world_file import SUFFIX
from emulator.platform.worlds import NAME
from emulator.seeding.seed import Seed
from emulator.web.admin.folders import folders_of
from emulator.web.api.live.instants import Instant, milliseconds
from emulator.web.api.models import Request
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.operation import Upload
from emulator.web.http.validation_messages import explained
from emulator.world.world import DEFAULT

_SEED_BYTES_MAX = 4 * 2**20
_ZIP = "application/zip"


_NAME = explained(f"^{NAME}$", "lowercase letters and digits, with dashes inside")


class WorldCreate(Request):
    """`seed` is `default`, `none`, the value of `--seed`, or a file below an `--allow-folder`.

    `seed_text` is a seed file's content instead. With `now` the world's time stands at that
    instant, so that all its output is the same every time.
    """

    name: str = Field(pattern=_NAME, max_length=63)
    seed: str | None = Field(None, min_length=1, max_length=4096)
    seed_text: str | None = Field(None, max_length=_SEED_BYTES_MAX)
    now: Instant | None = None


class WorldImport(Request):
    """Without `name` it is the name in the file. `replace` allows to replace an existing world."""

    name: str | None = Field(None, pattern=_NAME, max_length=63)
    replace: bool = False


class WorldShape(TypedDict):
    """`api_key` is the demo account's; all keys of this world end with `@` and its name.

    `host` selects the world for a client that cannot send headers.
    """

    name: str
    seed: str
    api_key: str
    host: str


class WorldList(TypedDict):
    worlds: list[WorldShape]
    total: int


@endpoint("GET", "/worlds")
def list_worlds(call: Call) -> WorldList:
    """List the worlds."""
    platforms = call.worlds.all()
    return {"worlds": [_shape(platform) for platform in platforms], "total": len(platforms)}


@endpoint("POST", "/worlds", status=201, refuses=("conflict", "invalid"))
async def create_world(call: Call, body: WorldCreate) -> WorldShape:
    """Create a world from a seed."""
    worlds = call.worlds
    worlds.check_name(body.name)
    seed, content = await _seed(call, body)
    clock = WorldClock.standing(milliseconds(body.now)) if body.now else None
    return _shape(worlds.make(body.name, seed, clock, content))


async def _seed(call: Call, patch: WorldCreate) -> tuple[str, Seed | None]:
    """Return the seed's name, and its content if the server does not know it by name.

    Refuses (`invalid`) a file that a request may not name, and content that is not a seed.
    """
    worlds, folders = call.worlds, folders_of(call.platform.shared)
    name, text = patch.seed, patch.seed_text
    if name is not None and text is not None:
        raise Refused("invalid", "Send `seed` or `seed_text`, not both.")
    if text is None and (name is None or name in worlds.seeds.named):
        return name or "default", None

    def read() -> tuple[str, Seed]:
        seed_name = name or "seed_text"
        content = folders.read(seed_name, _SEED_BYTES_MAX) if text is None else text.encode()
        digest = hashlib.sha256(content).hexdigest()[:12]
        return f"{seed_name}#{digest}", worlds.seeds.parse(seed_name, content)

    return await asyncio.to_thread(read)


@endpoint("DELETE", "/worlds/{name}", refuses=("conflict",))
async def drop_world(call: Call, name: str) -> None:
    """Drop a world: its publishers are disconnected, and its media is deleted."""
    await call.worlds.drop(name)


@endpoint("POST", "/reset")
async def reset_world(call: Call) -> WorldShape:
    """Reset this world to its seed."""
    await snapshots.reset(call.platform)
    return _shape(call.platform)


@endpoint("GET", "/worlds/{name}/file", refuses=("unavailable",), downloads=(_ZIP,))
async def export_world(call: Call, name: str) -> Response:
    """Download a world as a file: its data, snapshots and media. Live streams go on."""
    platform = call.worlds.find(name)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="live-emulator-export-"))
    # Not the world's name: `con` and `nul` are valid names, but devices on Windows.
    path = folder / f"export{SUFFIX}"
    removal = BackgroundTask(remove_tree, folder)
    try:
        await transfer.export(platform, path)
    except OSError as failure:
        await removal()
        raise Refused(
            "unavailable", f"The world's file cannot be written: {failure.strerror}."
        ) from failure
    return FileResponse(
        path, media_type=_ZIP, filename=f"{platform.world.name}{SUFFIX}", background=removal
    )


@endpoint(
    "POST",
    "/worlds/files",
    status=201,
    refuses=("conflict", "invalid"),
    upload=Upload(bytes_max=lambda platform: platform.upload_bytes_max, media_type=_ZIP),
)
async def import_world(call: Call, query: WorldImport, file: UploadedFile) -> WorldShape:
    """Create a world from an exported file, with its snapshots and media."""
    worlds, name = call.worlds, query.name
    platform = await transfer.import_world(worlds, file.file, name, is_replacing=query.replace)
    return _shape(platform)


def _shape(platform: Platform) -> WorldShape:
    name = platform.world.name
    port = urlsplit(platform.addresses.http).port
    return {
        "name": name,
        "seed": platform.seed,
        "api_key": "ak_demo" if name == DEFAULT else f"ak_demo@{name}",
        "host": f"{name}.localhost:{port}" if port else f"{name}.localhost",
    }
