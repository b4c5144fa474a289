"""Data of earlier versions is opened and used further, or refused whole with a remedy.

`fixtures/data/README.md` describes the files. `python -m tests.trials.oldest` adds a release's.
"""

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.scenario.language.load import load
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World
from tests.support.old_data import FIXTURES, RELEASES, unpack
from tests.support.rest import Caller

DATABASES = sorted(FIXTURES.glob("*.sqlite3.gz"))
# From before the first release: the first of today's migrations do not apply to it.
REFUSED = {"schema-1-15bf4ab", "schema-7-263ecd8", "schema-9-60ac47d", "schema-11-a266970"}


def name_of(path: Path) -> str:
    return path.name.partition(".sqlite3")[0].removesuffix(".tar.xz")


@pytest.mark.parametrize("kept", DATABASES, ids=name_of)
def test_oldest_database_is_migrated_or_refused_untouched(
    kept: Path, tmp_path: Path, open_world: Callable[..., World]
) -> None:
    path = tmp_path / "world.sqlite3"
    content = gzip.decompress(kept.read_bytes())
    path.write_bytes(content)
    facts: dict[str, Any] = {"publish": lambda _: None, "path": str(path), "clock": ManualClock()}

    if name_of(kept) in REFUSED:
        with pytest.raises(
            Refused, match="Move it away to start with a new one, or choose another folder"
        ):
            open_world(**facts)
        assert path.read_bytes() == content
        assert [*tmp_path.iterdir()] == [path]
        return

    world = open_world(**facts)
    [stream] = streams.of_user(world, accounts.by_username(world, "ada"))
    assert stream.title == "Kept"
    renamed = streams.update(world, stream, StreamPatch({"title": "Carried on"}))
    assert streams.find(world, stream.id).title == renamed.title == "Carried on"


@asynccontextmanager
async def opened(data: str) -> AsyncIterator[tuple[Emulator, Caller]]:
    settings = Settings(data=data, port=0, rtmp_port=0, rtmps_port=0)
    async with Emulator(settings) as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield emulator, Caller(client, "/v1")


async def assert_carried_on(call: Caller, key: str = "ak_demo") -> None:
    """Assert that the earlier version's data is there, plays, and can be changed."""
    export = (await call("GET", "/users/me/export", key)).json()["belongings"]
    assert [album["title"] for album in export["albums"]] == ["Kept album"]
    assert "Kept line" in {line["content"] for line in export["messages"]}
    [stream] = export["streams"]
    shown = (await call("GET", f"/streams/id/{stream['id']}", key)).json()
    vod = (await call("GET", f"/streams/vods/{shown['vod_id']}", key)).json()
    assert (shown["status"], vod["status"]) == ("ended", "ready")
    base = urlsplit(vod["video_url"]).path.removesuffix("video.m3u8")
    playlist = await call._client.get(f"{base}stream.m3u8")
    names = [line for line in playlist.text.splitlines() if line.endswith(".m4s")]
    assert names
    for name in names:
        assert (await call._client.get(f"{base}{name}")).status_code == 200
    another = await call("POST", "/videos/albums", key, json={"title": "Another"})
    assert another.status_code == 201


@pytest.mark.parametrize("kept", RELEASES, ids=name_of)
async def test_oldest_release_folder_world_file_and_scenario_still_work(
    kept: Path, tmp_path: Path
) -> None:
    unpack(kept, tmp_path)
    # Its data folder,
    async with opened(str(tmp_path / "data")) as (_, call):
        await assert_carried_on(call)
    # the file of its world, which contains a snapshot,
    async with opened(":memory:") as (emulator, call):
        admin = Caller(call._client, "/_emulator")
        content = (tmp_path / "world.zip").read_bytes()
        headers = {"Content-Type": "application/zip"}
        path = "/worlds/files?name=old"
        answer = await admin("POST", path, content=content, headers=headers)
        assert answer.status_code == 201, answer.text
        await assert_carried_on(call, answer.json()["api_key"])
        assert "kept" in emulator.worlds.find("old").snapshots
    # and a scenario that was recorded from it.
    text = (tmp_path / "recorded.yaml").read_text("utf-8")
    assert load(text, "recorded.yaml").name == "recorded"
