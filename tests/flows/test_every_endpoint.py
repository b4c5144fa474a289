"""Every operation in one tour: as its document says, by index, and inside its world.

The tour is `tests/support/tour`; a new operation is on it automatically.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import jsonschema_rs
import pytest

from emulator.server import Emulator
from emulator.web.api.table import OPERATIONS
from emulator.web.openapi.routes import document
from emulator.world.store.journal import Store
from emulator.world.world import World
from tests.support.broken_stores import unwritable
from tests.support.query_plans import Overheard
from tests.support.tour import KEYS, Step, Stop, Taken, Tour, name_of

THEN = "2090-01-01T00:00:00Z"
WORLDS = ("one", "two")
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")

# Quotes, markup, a template's braces and a path, with words that a naive program would execute.
HOSTILE = '\'); DROP TABLE users; -- <script>alert(1)</script> "x" %s {{7*7}} ../../etc ü 🎥'

# Counters that triggers maintain, with queries that count again.
KEPT = """
SELECT kind, count FROM totals
UNION ALL SELECT 'all of ' || slug, stream_count FROM categories
UNION ALL SELECT 'live of ' || slug, live_count FROM categories ORDER BY 1
"""
COUNTED = """
SELECT 'streams ' || value, (SELECT count(*) FROM streams
        WHERE visibility = 'public' AND status = value)
    FROM json_each('["offline", "live", "ended"]')
UNION ALL SELECT 'vods', count(*) FROM vods WHERE visibility = 'public' AND status = 'ready'
UNION ALL SELECT 'videos', count(*) FROM videos WHERE visibility = 'public' AND status = 'ready'
UNION ALL SELECT 'all of ' || slug, (SELECT count(*) FROM streams
        WHERE category_row = categories.row AND visibility = 'public') FROM categories
UNION ALL SELECT 'live of ' || slug, (SELECT count(*) FROM streams
        WHERE category_row = categories.row AND visibility = 'public' AND status = 'live')
    FROM categories ORDER BY 1
"""


@asynccontextmanager
async def started(*worlds: str) -> AsyncIterator[tuple[Emulator, httpx.AsyncClient]]:
    """An emulator with these worlds, fresh from their seed, whose time stands."""
    async with Emulator() as emulator:
        transport = httpx.ASGITransport(emulator.app)
        base = emulator.ready["http"]
        async with httpx.AsyncClient(base_url=base, transport=transport, timeout=60) as client:
            for world in worlds:
                wish = {"name": world, "now": THEN}
                answer = await client.post("/_emulator/worlds", json=wish)
                assert answer.status_code == 201, answer.text
            yield emulator, client


def tour(emulator: Emulator, client: httpx.AsyncClient, prefix: str, world: str) -> Tour:
    taken = Tour(client, prefix, world)
    taken.known["now_ms"] = emulator.worlds.find(world).world.now_ms
    return taken


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
async def test_every_endpoint_matches_its_document_and_walks_no_table(
    prefix: str,
) -> None:
    surface: Any = document("documented" if prefix == "/api/v1" else "client")
    wrong, seen = [], set()
    async with started("one") as (emulator, client):
        heard = Overheard(emulator.worlds.find("one").world.store)
        async for taken in tour(emulator, client, prefix, "one").take():
            seen.add(taken.operation)
            wrong += mistakes(surface, taken)
            if taken.operation.startswith("GET "):
                wrong += await effects_of_head(client, emulator.worlds.find("one").world, taken)
        walks = heard.walks()
        store = emulator.worlds.find("one").world.store
        stored, counted = ([tuple(row) for row in store.rows(query)] for query in (KEPT, COUNTED))
    assert stored == counted
    assert wrong == []
    assert seen == {name_of(operation) for operation in OPERATIONS}
    assert walks == []


def mistakes(surface: Any, taken: Taken) -> list[str]:
    """The differences between an answer and its document."""
    status, where = taken.answer.status_code, f"{taken.operation}: {taken.answer.status_code}"
    if taken.is_listed and not taken.answer.is_success:
        return [f"{where} {taken.answer.text}"]
    method, _, path = taken.operation.partition(" ")
    # Streams and videos are documented with a slash at the end.
    paths = surface["paths"]
    payload = paths[path if path in paths else f"{path}/"][method.lower()]["responses"]
    if str(status) not in payload:
        return [f"{where} is not documented"]
    content = payload[str(status)].get("content", {})
    form = taken.answer.headers.get("content-type", "").partition(";")[0]
    if bool(content) != bool(taken.answer.content) or (content and form not in content):
        return [f"{where} is {form or 'empty'}"]
    if form != "application/json":
        return []
    schema = content[form]["schema"] | {"components": surface["components"]}
    errors = list(jsonschema_rs.iter_errors(schema, taken.answer.json()))
    return [f"{where} {error.instance_path}: {error.message}" for error in errors]


async def effects_of_head(client: httpx.AsyncClient, world: World, taken: Taken) -> list[str]:
    """Forbidden effects of HEAD (RFC 9110, 9.3.2): it must count no view and no search."""

    def changes() -> int:
        world.searches.keep(world.store, world.now_ms)
        return world.store.number("SELECT total_changes()")

    request, before = taken.answer.request, changes()
    answer = await client.head(request.url, headers=request.headers)
    wrong = [] if changes() == before else [f"HEAD of {taken.operation} changes the world"]
    if answer.status_code != taken.answer.status_code:
        wrong.append(f"HEAD of {taken.operation} is {answer.status_code}")
    return wrong


async def test_every_endpoint_of_two_worlds_is_isolated() -> None:
    async with started(*WORLDS) as (emulator, client):
        together = await asyncio.gather(*(tour_of(emulator, client, world) for world in WORLDS))
    # The tours run concurrently: the second one had begun before the first one's first answer.
    async with started(WORLDS[0]) as (emulator, client):
        alone = await tour_of(emulator, client, WORLDS[0])
    assert len(alone) > len(OPERATIONS)
    for one, other in zip(alone, together[0], strict=True):
        assert one == other


async def tour_of(emulator: Emulator, client: httpx.AsyncClient, world: str) -> list[str]:
    """All answers of one tour of a world, without ports and trace ids."""
    answers = []
    async for taken in tour(emulator, client, "/api/v1", world).take():
        text = _PORT.sub("", taken.answer.text.replace(taken.answer.headers["X-Trace-Id"], ""))
        answers.append(f"{taken.operation} {taken.answer.status_code} {text}")
        # The other tour takes its next step, whether or not this one had to wait for anything.
        await asyncio.sleep(0)
    return answers


async def test_every_endpoint_returns_code_in_texts_as_text() -> None:
    """A tour with code in every text that a user may write; all of it is still there at the end."""
    quoted = 0
    async with started("one") as (emulator, client):
        tour = Tour(client, "/api/v1", "one")
        world = emulator.worlds.find("one").world
        tour.known |= {"now_ms": world.now_ms, "world": HOSTILE}
        async for taken in tour.take():
            answer = taken.answer
            assert answer.is_success or not taken.is_listed, (taken.operation, answer.text)
            form = answer.headers.get("content-type", "")
            if form == "application/json":
                quoted += HOSTILE in texts(answer.json())
            else:
                assert "html" not in form
        assert world.store.number("SELECT count(*) FROM users") > 5
    assert quoted > 20


# Changes that another user may make too: they may take part, and leave; some only look.
FOR_ANYBODY = {
    "POST /streams/{stream_id}/chat",
    "POST /streams/{stream_id}/clips",
    # The message and the seat are their own.
    "DELETE /streams/{stream_id}/chat/{message_id}",
    "DELETE /video-sessions/sessions/{session_id}/participants/{participant_id}",
}
# Hidden things are answered with 404.
HIDDEN = {"DELETE /video/{video_id}", "PATCH /vod/{vod_id}/status"}


class Trespass(Tour):
    """A tour in which another user and an anonymous caller try each change first."""

    def __init__(self, client: httpx.AsyncClient, prefix: str, world: str) -> None:
        super().__init__(client, prefix, world)
        self.tried: dict[str, tuple[int, int]] = {}

    async def _stop(self, stop: Stop) -> AsyncIterator[Taken]:
        is_owners = isinstance(stop, Step) and stop.by not in {"otto", None}
        if isinstance(stop, Step) and is_owners and is_change_of_something(stop.operation):
            by = [(await self._ask(replace(stop, by=user))).status_code for user in ("otto", None)]
            self.tried[stop.operation] = (by[0], by[1])
        async for taken in super()._stop(stop):
            yield taken


class WithoutRoom(Tour):
    """A tour in which each read is also made while nothing can be written."""

    def __init__(self, client: httpx.AsyncClient, store: Store) -> None:
        super().__init__(client, "/api/v1", "one")
        self.read: dict[str, int] = {}
        self._store = store

    async def _stop(self, stop: Stop) -> AsyncIterator[Taken]:
        if isinstance(stop, Step) and stop.operation.startswith("GET "):
            with unwritable(self._store):
                answer = await self._ask(stop)
            self.read[stop.operation] = max(answer.status_code, self.read.get(stop.operation, 0))
        async for taken in super()._stop(stop):
            yield taken


async def test_every_endpoint_that_reads_works_where_nothing_can_be_written() -> None:
    async with started("one") as (emulator, client):
        tour = WithoutRoom(client, emulator.worlds.find("one").world.store)
        tour.known["now_ms"] = emulator.worlds.find("one").world.now_ms
        for key in KEYS.values():  # The first call creates an account.
            headers = {"Authorization": f"Bearer {key}@one"}
            assert (await client.get("/api/v1/auth/me", headers=headers)).is_success
        async for taken in tour.take():
            assert taken.answer.is_success or not taken.is_listed, taken.operation
    assert {endpoint: status for endpoint, status in tour.read.items() if status >= 500} == {}
    assert len(tour.read) > 60


def is_change_of_something(operation: str) -> bool:
    is_change = not operation.startswith("GET ") and "{" in operation
    return is_change and operation not in FOR_ANYBODY


async def test_every_endpoint_protects_resources_of_other_users() -> None:
    async with started("one") as (emulator, client):
        trespass = Trespass(client, "/api/v1", "one")
        trespass.known["now_ms"] = emulator.worlds.find("one").world.now_ms
        async for taken in trespass.take():
            # The refused calls have changed nothing: the owners' tour continues as usual.
            assert taken.answer.is_success or not taken.is_listed, taken.operation
    for operation, numbers in trespass.tried.items():
        assert numbers == (404 if operation in HIDDEN else 403, 401), operation
    assert len(trespass.tried) > 40


def texts(value: Any) -> str:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return " ".join(map(texts, value.values()))
    if isinstance(value, list):
        return " ".join(map(texts, value))
    return value if isinstance(value, str) else ""
