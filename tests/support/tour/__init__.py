"""A tour through every operation of the platform: a list of steps that a test runs and judges.

Each noun's file lists its steps. An operation without a step is called with the document's own
example, so that a new operation is on the tour from its first day.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from emulator.web.api.table import OPERATIONS
from emulator.web.http.operation import Operation
from emulator.web.openapi.document import documented_path
from emulator.web.openapi.routes import document
from tests.support.live_server import PATIENCE_SECONDS

NOBODY = "00000000-0000-4000-8000-000000000000"
# The accounts of the tour. `tess` owns everything that it creates.
KEYS = {
    "tess": "ak_auto_tess",
    "otto": "ak_auto_otto",
    "demo": "ak_demo",
    "admin": "ak_demo_admin",
    "wizard": "ak_demo_devops_wizard",
}
_BETWEEN_LOOKS_SECONDS = 0.02

Known = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request. In `body`, `query` and the path, `{name}` stands for a known value.

    `keep` names the values of the answer that become known, with their places in it. `by` is one of
    `KEYS` or the name of a known token. `body` may be a function of the known values. `names`
    renames the path's parameters where they differ from the known values.
    """

    operation: str
    by: str | None = None
    body: Any = None
    query: str = ""
    names: dict[str, str] = field(default_factory=dict)
    file: bytes | None = None
    keep: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Repeat a request until the answer has a value. These requests are not judged."""

    operation: str
    by: str | None
    where: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Keep the token of the newest mail as the known value `name`."""

    name: str


@dataclass(frozen=True)
class Taken:
    """A step that was run. `is_listed`: it is from a list, so it must succeed."""

    operation: str
    is_listed: bool
    answer: httpx.Response


Stop = Step | Wait | Mail


def step(operation: str, by: str | None = None, body: Any = None, **more: Any) -> Step:
    return Step(operation=operation, by=by, body=body, **more)


def every_stop() -> list[Stop]:
    """All lists in the order of their dependencies; steps that delete things come last."""
    from tests.support.tour import audience, chat, library, live, people, video

    return [
        *live.STOPS,
        *chat.STOPS,
        *audience.STOPS,
        *library.STOPS,
        *video.STOPS,
        *library.LAST,
        *people.STOPS,
        *live.LAST,
        *people.LAST,
    ]


class Tour:
    """One tour through one world under one prefix."""

    def __init__(self, client: httpx.AsyncClient, prefix: str, world: str) -> None:
        self._client = client
        self._prefix = prefix
        self._world = world
        self.known: Known = {"world": world, "username": "tess", "slug": "tours"}

    async def take(self) -> AsyncIterator[Taken]:
        """Run every step and give its answer; deleting the account is the last."""
        stops = every_stop()
        listed = {stop.operation for stop in stops if isinstance(stop, Step)}
        for stop in stops[:-1]:
            async for taken in self._stop(stop):
                yield taken
        for operation in OPERATIONS:
            if name_of(operation) not in listed:
                answer = await self._ask(example(operation))
                yield Taken(name_of(operation), False, answer)
        async for taken in self._stop(stops[-1]):
            yield taken

    async def _stop(self, stop: Stop) -> AsyncIterator[Taken]:
        match stop:
            case Mail(name=name):
                answer = await self._client.get(
                    "/_emulator/outbox", headers={"X-Emulator-World": self._world}
                )
                self.known[name] = answer.json()["mails"][0]["token"]
            case Wait():
                await self._wait(stop)
            case Step():
                answer = await self._ask(stop)
                if answer.is_success:
                    for name, where in stop.keep.items():
                        self.known[name] = at(answer.json(), where)
                yield Taken(stop.operation, True, answer)

    async def _wait(self, stop: Wait) -> None:
        asked = Step(operation=stop.operation, by=stop.by)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (result := at((await self._ask(asked)).json(), stop.where)) != stop.value:
                assert result != "failed", stop
                await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)

    async def _ask(self, asked: Step) -> httpx.Response:
        method, _, path = asked.operation.partition(" ")
        credential = self._credential(asked.by)
        options: dict[str, Any] = {}
        if asked.file is not None:
            options["files"] = {"file": ("file", asked.file)}
            options["data"] = self._filled(asked.body or {})
        elif asked.body is not None:
            options["json"] = self._filled(asked.body)
        headers = {"X-Emulator-World": self._world}
        if credential:
            headers["Authorization"] = f"Bearer {credential}"
        for name, value in asked.names.items():
            path = path.replace(f"{{{name}}}", value)
        address = self._prefix + self._filled(path + asked.query)
        return await self._client.request(method, address, headers=headers, **options)

    def _credential(self, by: str | None) -> str:
        if by is None:
            return ""
        return f"{KEYS[by]}@{self._world}" if by in KEYS else str(self.known[by])

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.format_map(_OrNobody(self.known))
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        # A computed body may contain braces.
        return value(self.known) if callable(value) else value


class _OrNobody(Known):
    def __missing__(self, _: str) -> str:
        return NOBODY


def example(operation: Operation) -> Step:
    """A request like the document's example."""
    surface: Any = document("documented")
    payload = surface["paths"][documented_path(operation)][operation.method.lower()]
    content = payload.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("example")
    return Step(operation=name_of(operation), by="demo", body=(lambda _: body) if body else None)


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def at(value: Any, where: str) -> Any:
    """The item at the path `a.0.b` of a JSON value, or None."""
    for name in where.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value
