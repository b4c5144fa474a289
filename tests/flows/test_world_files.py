"""Worlds as files: exported by one emulator, imported by another, refused where broken."""

import asyncio
import io
import json
import sqlite3
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.core.errors import Refused
from emulator.platform import world_file
from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.recordings import publish, record
from tests.support.rest import Caller, check_error, create

MEMORY = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)


@asynccontextmanager
async def running(
    settings: Settings = MEMORY,
) -> AsyncIterator[tuple[Emulator, httpx.AsyncClient, Caller]]:
    async with (
        Emulator(settings) as emulator,
        httpx.AsyncClient(base_url=emulator.ready["http"], timeout=30) as client,
    ):
        yield emulator, client, Caller(client, "/api/v1")


async def exported(client: httpx.AsyncClient, world: str = "default") -> bytes:
    answer = await client.get(f"/_emulator/worlds/{world}/file")
    assert answer.status_code == 200, answer.text
    return answer.content


async def imported(client: httpx.AsyncClient, content: bytes, **fields: str) -> httpx.Response:
    return await client.post(
        "/_emulator/worlds/files",
        content=content,
        params=fields,
        headers={"Content-Type": "application/zip"},
    )


async def test_world_file_carries_state_media_and_snapshots_to_another_emulator() -> None:
    # Given an emulator with a recording, a chat message, and a snapshot from before that message,
    async with running() as (emulator, client, call):
        stream = await record(emulator, call, title="Tuesday")
        await client.post("/_emulator/snapshots", json={"name": "before"})
        room = await create(call, title="Room")
        await call("POST", f"/streams/{room['id']}/chat", "ak_demo", json={"content": "hello"})
        media = await client.get(f"/{stream['cloudflare_stream_id']}/downloads/default.mp4")
        content = await exported(client)

    # when another emulator imports its file as a world of another name,
    async with running() as (emulator, client, call):
        answer = await imported(client, content, name="tuesday")
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == "tuesday"

        # then everything is there, with its media,
        header = {"X-Emulator-World": "tuesday"}
        chat = await call("GET", f"/streams/{room['id']}/chat", headers=header)
        assert [line["content"] for line in chat.json()["messages"]] == ["hello"]
        again = await client.get(f"/{stream['cloudflare_stream_id']}/downloads/default.mp4")
        assert again.status_code == 200
        assert again.content == media.content
        check_error(await call("GET", f"/streams/id/{room['id']}"), 404)

        # a reset goes back to the content of the file and not to the seed,
        await call("POST", f"/streams/{room['id']}/end", "ak_demo@tuesday", headers=header)
        assert (await client.post("/_emulator/reset", headers=header)).status_code == 200
        response = await call("GET", f"/streams/id/{room['id']}", headers=header)
        assert response.json()["status"] == "offline"

        # its snapshot can be restored,
        await client.post("/_emulator/snapshots/before/restore", headers=header)
        check_error(await call("GET", f"/streams/id/{room['id']}", headers=header), 404)

        # and dropping it removes its media.
        await client.delete("/_emulator/worlds/tuesday")
        gone = await client.get(f"/{stream['cloudflare_stream_id']}/downloads/default.mp4")
        assert gone.status_code == 404


async def test_world_file_of_a_live_stream_ends_it_with_its_recording() -> None:
    async with running() as (emulator, client, call):
        stream = await create(call, title="Live")
        publish(emulator, stream, 5)
        content = await exported(client)
        assert (await call("GET", f"/streams/id/{stream['id']}")).json()["status"] == "live"

    async with running(MEMORY.changed(reconnect_window_ms=0)) as (_, client, call):
        assert (await imported(client, content, replace="true")).status_code == 201
        async with (
            asyncio.timeout(20),
            client.stream(
                "GET", "/_emulator/events?kind=StreamEnded", headers={"Accept": "text/event-stream"}
            ) as events,
        ):
            async for line in events.aiter_lines():
                if stream["id"] in line:
                    break
        result = (await call("GET", f"/streams/id/{stream['id']}")).json()
        assert result["status"] == "ended"
        assert result["vod_id"]
        playlist = await client.get(f"/{stream['cloudflare_stream_id']}/manifest/video.m3u8")
        assert playlist.status_code == 200


async def test_world_file_imported_twice_keeps_the_media_of_each() -> None:
    async with running() as (emulator, client, call):
        stream = await record(emulator, call)
        content = await exported(client)
        check_error(await imported(client, content), 409)
        assert (await imported(client, content, name="copy")).status_code == 201
        assert (await client.delete("/_emulator/worlds/copy")).status_code == 204

        response = await client.get(f"/{stream['cloudflare_stream_id']}/manifest/video.m3u8")
        assert response.status_code == 200


async def test_world_file_carries_a_world_from_one_run_to_the_next(tmp_path: Path) -> None:
    # Given settings that pass a world from one run to the next,
    path = tmp_path / "suite.world.zip"
    settings = MEMORY.changed(import_file=path, export_on_exit=path)

    # when the first run, for which there is no file yet, creates a stream,
    async with running(settings) as (_, _, call):
        stream = await create(call, title="From the first run")

    # then the next one has it.
    async with running(settings) as (_, _, call):
        assert (await call("GET", f"/streams/id/{stream['id']}")).json()["title"] == (
            "From the first run"
        )


async def test_world_file_import_refuses_a_data_folder_with_a_world(tmp_path: Path) -> None:
    path = tmp_path / "a.world.zip"
    settings = MEMORY.changed(data=str(tmp_path / "data"))
    async with running(settings.changed(export_on_exit=path)):
        pass

    with pytest.raises(Refused, match=r"has a world already.*world import .* --replace"):
        await Emulator(settings.changed(import_file=path)).__aenter__()
    async with running(MEMORY.changed(import_file=path)) as (_, client, _):
        assert (await client.get("/_emulator/snapshots")).json()["snapshots"][0]["name"] == (
            "imported"
        )
    with pytest.raises(Refused, match="cannot be read: No such file"):
        await Emulator(MEMORY.changed(import_file=tmp_path / "none.zip")).__aenter__()


def rewritten(
    content: bytes, change: Callable[[dict[str, bytes]], object], **options: Any
) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **options) as archive:
        for name, octets in members.items():
            archive.writestr(name, octets)
    return written.getvalue()


def _with_format(members: dict[str, bytes]) -> None:
    members["world.json"] = json.dumps(json.loads(members["world.json"]) | {"format": 2}).encode()


def _with_trigger(members: dict[str, bytes]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(members["world.sqlite3"])
    connection.execute("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM users; END")
    members["world.sqlite3"] = connection.serialize()
    connection.close()


async def test_world_file_broken_ones_are_refused_and_change_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    async with running() as (emulator, client, _):
        content = await exported(client)
        uid = "0" * 32
        cases: dict[bytes, str] = {
            b"no zip at all": "it is not a complete ZIP file",
            content[:-100]: "it is not a complete ZIP file",
            rewritten(content, lambda m: m.pop("world.json")): "world.json is missing or broken",
            rewritten(content, lambda m: m.pop("world.sqlite3")): "world.sqlite3 is missing",
            rewritten(content, _with_format): "has format 2, and this program reads 1",
            rewritten(content, _with_trigger): "has a schema that differs from this program's",
            rewritten(
                content, lambda m: m.update({"world.sqlite3": b"x" * 5000})
            ): "cannot be read as a database",
            rewritten(
                content, lambda _: None, compression=zipfile.ZIP_DEFLATED
            ): "whose members are stored",
        }
        for sent, message in cases.items():
            answer = await imported(client, sent, name="broken")
            assert message in check_error(answer, 422)["message"]
        worlds = (await client.get("/_emulator/worlds")).json()["worlds"]
        assert [world["name"] for world in worlds] == ["default"]

        # World files never contain a name that leads out of their folder.
        leading_out = rewritten(
            content,
            lambda m: m.update(
                {f"media/{uid}/../../{outside.name}": b"x", f"media/{uid}/./a": b"x"}
            ),
        )
        assert (await imported(client, leading_out, name="odd")).status_code == 201
        assert not (emulator.platform.media_store.root / uid).exists()


def test_world_file_media_is_bounded_and_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(f"media/{'a' * 32}/init-0.mp4", b"x" * 60)
        written.writestr(f"media/{'b' * 32}/init-0.mp4", b"x" * 60)
    root = tmp_path / "media"

    with pytest.raises(Refused, match="larger than there is room for"):
        world_file.unpack_media(archive, root, bytes_max=100)
    assert not list(root.glob("*"))
    assert world_file.unpack_media(archive, root, bytes_max=120) == ["a" * 32, "b" * 32]
    assert world_file.unpack_media(archive, root, bytes_max=0) == []
