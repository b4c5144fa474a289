"""Several worlds in one process: chosen, isolated, reset, restored, dropped."""

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from tests.support.rest import Caller, check_error, create


async def make_world(client: httpx.AsyncClient, name: str, **body: Any) -> dict[str, Any]:
    answer = await client.post("/_emulator/worlds", json={"name": name, **body})
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def titles(call: Caller, key: str | None = None, **options: Any) -> list[str]:
    answer = await call("GET", "/streams/?status_filter=all", key, **options)
    assert answer.status_code == 200, answer.text
    return [stream["title"] for stream in answer.json()["streams"]]


async def test_worlds_are_chosen_by_key_token_header_or_host(
    client: httpx.AsyncClient, call: Caller
) -> None:
    values = await make_world(client, "ci-7", seed="none")
    assert values["api_key"] == "ak_demo@ci-7"
    await create(call, values["api_key"], title="In ci-7")
    login = {"email": "demo@example.com", "password": "demo123456"}
    header = {"X-Emulator-World": "ci-7"}
    answer = await call("POST", "/auth/login", json=login, headers=header)
    token = answer.json()["access_token"]

    assert "In ci-7" in await titles(call, "ak_demo@ci-7")
    assert "In ci-7" in await titles(call, token)
    assert "In ci-7" in await titles(call, headers=header)
    assert "In ci-7" in await titles(call, "ak_demo", headers=header)
    assert "In ci-7" in await titles(call, headers={"Host": values["host"]})
    assert "In ci-7" not in await titles(call, "ak_demo")


async def test_worlds_take_a_seed_as_content_or_as_a_file_of_allowed_folders(
    settings: Settings, tmp_path: Path
) -> None:
    # Given a server that was started with a seed, and with a folder of seeds,
    allowed, started = tmp_path / "allowed", tmp_path / "started.yaml"
    allowed.mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    (allowed / "ada.yaml").write_text("users: [{username: ada}]\n")
    started.write_text("users: [{username: sam}]\n")
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    settings = settings.changed(seed=str(started), allow_folder=str(allowed))
    async with (
        Emulator(settings) as emulator,
        httpx.AsyncClient(base_url=emulator.ready["http"]) as client,
    ):
        # when worlds are made from them, each has its own users, after a reset as well;
        bob = {"seed_text": "users: [{username: bob}]"}
        seeds = {"ada": {"seed": f"{allowed}/ada.yaml"}, "sam": {"seed": str(started)}, "bob": bob}
        for name, seed in seeds.items():
            await make_world(client, name, **seed)
            for _ in range(2):
                key = {"Authorization": f"Bearer ak_demo_{name}@{name}"}
                me = await client.get("/api/v1/auth/me", headers=key)
                assert me.json()["username"] == name
                await client.post("/_emulator/reset", headers={"X-Emulator-World": name})

        # and other files are not revealed, not even whether they exist.
        names = ["secret.yaml", "pipe", "nothing.yaml", "allowed/../secret.yaml", ""]
        answers = [
            await client.post("/_emulator/worlds", json={"name": "x", "seed": f"{tmp_path}/{name}"})
            for name in names
        ]
        assert {answer.status_code for answer in answers} == {422}
        assert len({answer.json()["message"] for answer in answers}) == 1
        both = {"name": "x", "seed": "none", **bob}
        check_error(await client.post("/_emulator/worlds", json=both), 422)
        broken = {"name": "x", "seed_text": "users: 3"}
        answer = await client.post("/_emulator/worlds", json=broken)
        assert "seed_text:1:8: Write a list here" in answer.json()["message"]


async def test_worlds_unknown_name_is_refused(client: httpx.AsyncClient, call: Caller) -> None:
    for headers in ({"X-Emulator-World": "nowhere"}, {"Host": "nowhere.localhost:8787"}):
        check_error(await call("GET", "/streams/", headers=headers), 404)
    # A key of an unknown world is just a wrong key.
    check_error(await call("GET", "/auth/me", "ak_demo@nowhere"), 401)
    for name in ("", "Upper", "a_b", "-a", "a" * 64, "default.x"):
        answer = await client.post("/_emulator/worlds", json={"name": name})
        check_error(answer, 422)
    check_error(await client.post("/_emulator/worlds", json={"name": "default"}), 409)
    check_error(await client.post("/_emulator/worlds", json={"name": "x", "seed": "/no"}), 422)
    check_error(await client.delete("/_emulator/worlds/nowhere"), 404)
    check_error(await client.delete("/_emulator/worlds/default"), 409)


async def test_worlds_token_of_one_opens_no_other(client: httpx.AsyncClient, call: Caller) -> None:
    await make_world(client, "one", seed="none")
    await make_world(client, "two", seed="none")
    login = {"email": "demo@example.com", "password": "demo123456"}
    answer = await call("POST", "/auth/login", json=login, headers={"X-Emulator-World": "one"})
    head, claims, signature = answer.json()["access_token"].split(".")
    payload = json.loads(base64.urlsafe_b64decode(claims + "=="))
    payload["world"] = "two"
    forged = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    check_error(await call("GET", "/auth/me", f"{head}.{forged}.{signature}"), 401)


@pytest.mark.every_server
async def test_worlds_reset_restores_one_and_leaves_the_others(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await make_world(client, "one", seed="none")
    first = await create(call, "ak_demo@one", title="Gone")
    await create(call, "ak_demo", title="Stays")

    answer = await client.post("/_emulator/reset", headers={"X-Emulator-World": "one"})
    assert answer.status_code == 200
    assert await titles(call, "ak_demo@one") == []
    assert "Stays" in await titles(call, "ak_demo")
    again = await create(call, "ak_demo@one", title="Gone")
    assert (again["id"], again["stream_key"]) == (first["id"], first["stream_key"])


async def test_worlds_dropped_one_is_gone_and_its_name_is_free(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await make_world(client, "brief", seed="none")
    assert (await client.delete("/_emulator/worlds/brief")).status_code == 204
    check_error(await call("GET", "/auth/me", "ak_demo@brief"), 401)
    listed = (await client.get("/_emulator/worlds")).json()
    assert [world["name"] for world in listed["worlds"]] == ["default"]
    await make_world(client, "brief", seed="none")


async def test_worlds_snapshot_is_restored(client: httpx.AsyncClient, call: Caller) -> None:
    stream = await create(call, "ak_demo", title="Before")
    answer = await client.post("/_emulator/snapshots", json={"name": "before"})
    assert answer.status_code == 201
    await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json={"title": "After"})

    answer = await client.post("/_emulator/snapshots/before/restore")
    assert answer.status_code == 200, answer.text
    assert "Before" in await titles(call, "ak_demo")
    assert "After" not in await titles(call, "ak_demo")
    listed = (await client.get("/_emulator/snapshots")).json()
    assert [snapshot["name"] for snapshot in listed["snapshots"]] == ["before"]
    assert (await client.delete("/_emulator/snapshots/before")).status_code == 204
    check_error(await client.post("/_emulator/snapshots/before/restore"), 404)
    check_error(await client.delete("/_emulator/snapshots/before"), 404)


async def test_event_log_pages_without_gaps(client: httpx.AsyncClient, call: Caller) -> None:
    await make_world(client, "log", seed="none")
    header = {"X-Emulator-World": "log"}
    stream = await create(call, "ak_demo@log")
    await call("POST", f"/streams/{stream['id']}/end", "ak_demo@log")

    whole = (await client.get("/_emulator/events", headers=header)).json()
    kinds = [event["kind"] for event in whole["events"]]
    assert kinds[-2:] == ["StreamCreated", "StreamEnded"]
    assert [event["seq"] for event in whole["events"]] == list(range(1, len(kinds) + 1))
    paged, after = [], 0
    while True:
        address = f"/_emulator/events?limit=1&after={after}"
        page = (await client.get(address, headers=header)).json()
        paged += page["events"]
        after = page["next_cursor"]
        if not page["has_more"]:
            break
    assert paged == whole["events"]
    ended = (await client.get("/_emulator/events?kind=StreamEnded", headers=header)).json()
    assert [event["values"]["stream_id"] for event in ended["events"]] == [stream["id"]]


async def test_event_log_streams_new_events(emulator: Emulator) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["http"], timeout=30) as client:
        call = Caller(client, "/v1")
        headers = {"Accept": "text/event-stream"}
        before = (await client.get("/_emulator/events?limit=1000")).json()["next_cursor"]
        async with client.stream(
            "GET", f"/_emulator/events?after={before}", headers=headers
        ) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith(":")
            stream = await create(call)
            event = await _next_event(lines)
            assert event["kind"] == "StreamCreated"
            assert event["values"]["stream_id"] == stream["id"]
            # A client that has read so far continues after it, as browsers do by themselves.
            again = headers | {"Last-Event-ID": str(event["seq"])}
            async with client.stream(
                "GET", f"/_emulator/events?after={before}", headers=again
            ) as other:
                await call("POST", f"/streams/{stream['id']}/end", "ak_demo")
                assert (await _next_event(other.aiter_lines()))["kind"] == "StreamEnded"
            assert (await _next_event(lines))["kind"] == "StreamEnded"
            # A reset ends the event stream, since another history follows.
            await client.post("/_emulator/reset")
            assert [line async for line in lines if line.startswith("data:")] == []


async def _next_event(lines: Any) -> dict[str, Any]:
    async for line in lines:
        if line.startswith("data:"):
            event: dict[str, Any] = json.loads(line.removeprefix("data:"))
            return event
    raise AssertionError("the stream of events has ended")


async def test_request_log_shows_the_requests_of_an_app(
    client: httpx.AsyncClient, call: Caller
) -> None:
    body = {"title": "Seen", "colour": "red", "streamKey": "live_secret"}
    await call("POST", "/streams/?hurry=1", "ak_demo", json=body)
    await call("GET", "/streams/id/unknown", "wrong", headers={"User-Agent": "the app"})
    await call("POST", "/auth/login", json={"email": "x", "password": "hunter2"})

    log = (await client.get("/_emulator/requests")).json()["requests"]
    result, missing, login = log[-3:]
    assert result["method"] == "POST"
    assert result["operation"] == "/streams"
    assert (result["status"], result["user"], result["credential"]) == (201, "demo", "valid")
    assert result["body"] == {"title": "Seen", "colour": "red", "streamKey": "***"}
    assert result["unknown_fields"] == ["hurry", "colour", "streamKey"]
    assert result["query"] == {"hurry": "1"}
    assert (missing["status"], missing["credential"]) == (404, "invalid")
    assert missing["user_agent"] == "the app"
    assert login["body"]["password"] == "***"
    assert "hunter2" not in json.dumps(log)

    async def found(**query: str) -> list[str]:
        answer = await client.get("/_emulator/requests", params=query)
        return [entry["trace_id"] for entry in answer.json()["requests"]]

    assert await found(path="/streams/id/", status="404") == [missing["trace_id"]]
    assert result["trace_id"] in await found(user="demo", world="default")
    assert login["trace_id"] in await found(status="4xx")
    assert await found(has_unknown_fields="true") == [result["trace_id"]]
    assert await found(world="nowhere") == []


SPOILT = {
    "deep": b"[" * 60_000,
    "deep inside": b'{"title": 7, "deep": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "half a character": rb'{"title": "\ud800"}',
    "half a name": rb'{"title": 7, "\ud83d": 1}',
    "no number": b'{"title": 7, "much": Infinity, "none": NaN}',
    "no text": b'{"title": "\xff"}',
    "long": b'{"title": 7, "long": ' + b"9" * 10_000 + b"}",
    "wide": b'{"title": 7, "wide": {' + b",".join(b'"%d": 0' % n for n in range(5_000)) + b"}}",
}


async def test_request_log_survives_any_body(client: httpx.AsyncClient, call: Caller) -> None:
    for what, body in SPOILT.items():
        headers = {"Content-Type": "application/json", "User-Agent": what}
        answer = await call("POST", "/streams/", "ak_demo", content=body, headers=headers)
        check_error(answer, 422)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    log = json.loads((await client.get("/_emulator/requests")).text, parse_constant=refuse)
    assert [request["user_agent"] for request in log["requests"]][-len(SPOILT) :] == [*SPOILT]


async def test_request_log_is_searchable_by_every_field_and_paged(
    client: httpx.AsyncClient, call: Caller
) -> None:
    # Given requests of two worlds, by several users, with good and bad answers,
    await make_world(client, "log", seed="none")
    stream = await create(call, "ak_demo@log", title="Logged", colour="red")
    path = f"/streams/id/{stream['id']}"
    await call("GET", path, "ak_demo@log")
    await call("PUT", path, "ak_auto_other@log", json={"title": "Mine now"})
    await call("GET", path, "no key", headers={"X-Emulator-World": "log"})
    await call("GET", "/streams/", headers={"X-Emulator-World": "log"})
    await call("GET", "/streams/", "ak_demo")

    async def found(**query: Any) -> list[tuple[str, int]]:
        answer = await client.get("/_emulator/requests", params={"world": "log", **query})
        return [(request["method"], request["status"]) for request in answer.json()["requests"]]

    # then each can be found by its properties,
    created, read, put, wrong = ("POST", 201), ("GET", 200), ("PUT", 403), ("GET", 200)
    assert await found() == [created, read, put, wrong, ("GET", 200)]
    assert await found(path=stream["id"]) == [read, put, wrong]
    assert await found(status="4xx") == await found(status="403") == [put]
    assert await found(user="demo") == [created, read]
    assert await found(user="demo", method="GET") == [read]
    assert await found(credential="invalid") == [wrong]
    assert await found(credential="none") == [("GET", 200)]
    assert await found(has_unknown_fields=True) == [created]
    assert await found(has_unknown_fields=False, credential="valid") == [read, put]
    # all of them by pages,
    paged: list[int] = []
    page: dict[str, Any] = {"has_more": True, "next_cursor": 0}
    while page["has_more"]:
        query = {"world": "log", "limit": "2", "after": page["next_cursor"]}
        page = (await client.get("/_emulator/requests", params=query)).json()
        paged += [request["status"] for request in page["requests"]]
    assert paged == [201, 200, 403, 200, 200]
    for query in ({"status": "6xx"}, {"limit": "0"}, {"credential": "some"}, {"method": "LOOK"}):
        check_error(await client.get("/_emulator/requests", params=query), 422)
    # and a world that is reset has no requests.
    await client.post("/_emulator/reset", headers={"X-Emulator-World": "log"})
    assert await found() == []
    assert (await client.get("/_emulator/requests?world=default")).json()["requests"]


@pytest.mark.parametrize("bound", ["worlds_max", "snapshots_max"])
async def test_worlds_and_snapshots_are_bounded(bound: str) -> None:
    bounds: dict[str, Any] = {bound: 2}
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, **bounds)
    path = "/_emulator/worlds" if bound == "worlds_max" else "/_emulator/snapshots"
    async with Emulator(settings) as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(base_url="http://localhost", transport=transport) as client:
            codes = [
                (await client.post(path, json={"name": name, "seed": "none"})).status_code
                for name in ("a", "b", "c")
            ]
    assert codes == ([201, 409, 409] if bound == "worlds_max" else [201, 201, 409])


async def test_admin_accepts_a_slash_and_refuses_unknown_paths(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/_emulator/worlds/")).status_code == 200
    check_error(await client.get("/_emulator/nowhere"), 404)
    answer = await client.put("/_emulator/worlds", json={})
    check_error(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


async def test_worlds_that_rest_answer_as_before(
    client: httpx.AsyncClient, call: Caller, emulator: Emulator
) -> None:
    made = await make_world(client, "tired")
    await create(call, made["api_key"], title="Before")
    [platform] = [platform for platform in emulator.worlds.all() if not platform.is_kept][1:]
    store = platform.world.store
    assert store.rest()
    assert "Before" in await titles(call, made["api_key"])
    assert store.rest()
    await client.post("/_emulator/reset", headers={"X-Emulator-World": "tired"})
    assert "Before" not in await titles(call, made["api_key"])
    assert store.rest()
    assert (await client.delete("/_emulator/worlds/tired")).status_code == 204


async def test_worlds_at_rest_are_found_and_dropped_without_waking() -> None:
    settings = Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, seed="none", worlds_awake_max=1
    )
    async with Emulator(settings) as emulator:
        # Given three worlds with a stream each, all at rest but the last one,
        worlds = emulator.worlds
        made: dict[str, Stream] = {}
        for name in ("first", "second", "third"):
            world = worlds.make(name, "none").world
            author = accounts.make(world, "ada")
            made[name] = streams.create(world, author, StreamPatch({"title": name}))
        first, second = worlds.find("first"), worlds.find("second")
        async with asyncio.timeout(60):
            while len(worlds.awake.all()) > 1:  # noqa: ASYNC110  It tells nobody.
                await asyncio.sleep(0)

        # when streams are looked for, then no world wakes but the one that has it,
        assert worlds.directory.by_key("nowhere") is None
        assert worlds.directory.by_key(made["second"].stream_key) is second
        assert set(worlds.awake.all()) == {second.world.store, worlds.find("third").world.store}
        assert worlds.directory.by_uid(made["second"].uid, second) is second
        assert worlds.directory.by_uid(made["third"].uid, second) is worlds.find("third")
        # nor does one that is dropped.
        uses: list[bool] = []
        first.world.store.when_awake = lambda _, is_awake: uses.append(is_awake)
        await worlds.drop("first")
        assert uses == [False]
