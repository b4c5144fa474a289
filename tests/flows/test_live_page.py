"""The event stream for pages: one connection with a world's events and requests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from tests.support.rest import Caller, create


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, query: str = "", world: str = "default"
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    headers = {"X-Emulator-World": world}
    async with client.stream("GET", f"/_emulator/live{query}", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        yield (
            json.loads(line.removeprefix("data: "))
            async for line in lines
            if line.startswith("data: ")
        )


async def test_live_page_follows_events_and_requests(emulator: Emulator) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["http"], timeout=30) as client:
        call = Caller(client, "/v1")
        await create(call)
        async with following(client) as messages:
            # Given a page that has read the current state,
            first = await anext(messages)
            assert (first["events"], first["kinds"], first["skipped"]) == ([], [], 0)
            assert (first["world"], first["last_request"]) == ("default", 1)

            # when an app's call changes something, then one message has both the event and the
            # request,
            stream = await create(call, "ak_auto_else")
            second = await anext(messages)
            while "StreamCreated" not in second["kinds"] or second["last_request"] < 2:
                second = await anext(messages)
            values = [event["values"].get("stream_id") for event in second["events"]]
            assert stream["id"] in values

            # also a request that only reads; another world's requests are not in it.
            await client.post("/_emulator/worlds", json={"name": "other"})
            await call("GET", "/streams/", "ak_demo@other")
            await call("GET", "/nothing")
            third = await anext(messages)
            assert (third["events"], third["last_request"]) == ([], 4)

            # A page that reconnects gets what it missed; if that is a lot, the newest part.
            async with following(client, "?after=0") as others:
                missed = await anext(others)
            assert missed["skipped"] + len(missed["events"]) == missed["last_seq"]
            assert missed["last_seq"] == second["last_seq"]
            assert len(missed["events"]) == 200

            # A reset ends the event stream, since another history follows.
            await client.post("/_emulator/reset")
            assert [message async for message in messages if message["events"]] == []


@pytest.mark.parametrize("path", ["/_emulator/live", "/_emulator/events"])
async def test_live_page_connection_ends_in_order_when_the_emulator_stops(path: str) -> None:
    headers = {"Accept": "text/event-stream"}
    emulator = await Emulator().__aenter__()
    async with httpx.AsyncClient(timeout=30) as client:
        # Given a client that follows and has received something,
        address = emulator.ready["http"] + path
        async with client.stream("GET", address, headers=headers) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines)

            # when the emulator stops, then the client's answer ends, without an error.
            stopping = asyncio.create_task(emulator.__aexit__())
            assert [line async for line in lines][-1] == ""
            await stopping
