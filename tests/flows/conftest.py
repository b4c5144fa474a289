"""The platform over HTTP: over a real socket, and some tests in process as well.

Each test always uses the same one of the two prefixes; both share the router, and
`test_every_endpoint` calls every operation under both. Where the dialects differ, a test is marked
`both_prefixes`. Tests marked `every_server` also run in process and with HTTP/2 and TLS on the
other server, under both prefixes. Where LIVE_EMULATOR_TESTS_HTTP is `every`, all tests run with
every server and prefix.
"""

import os
import ssl
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.rules import RulesConfig
from tests.support.publisher_stage import Stage, staged
from tests.support.rest import Caller

HTTP_2 = "HTTP/2"
PREFIXES = ["/api/v1", "/v1"]


@pytest.fixture
def settings() -> Settings:
    return Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One server and one prefix, or all of them where a mark asks for that."""
    marks = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    names = metafunc.fixturenames
    is_asked = os.environ.get("LIVE_EMULATOR_TESTS_HTTP") == "every"
    ways, prefixes = ["socket"], [PREFIXES[crc32(metafunc.definition.name.encode()) % 2]]
    if is_asked or metafunc.definition.get_closest_marker("every_server"):
        ways, prefixes = ["in process", "socket", HTTP_2], PREFIXES
    elif metafunc.definition.get_closest_marker("both_prefixes"):
        ways, prefixes = ["socket", "socket"], PREFIXES
    # A file can declare that one server is enough.
    is_open = "client" in names and "client" not in marks
    if is_open and "call" in names and "call" not in marks and not is_asked:
        pairs = list(zip(ways, cycle(reversed(prefixes)), strict=False))
        metafunc.parametrize(("client", "call"), pairs, indirect=True)
        return
    if is_open:
        metafunc.parametrize("client", ways, indirect=True)
    if "call" in names and "call" not in marks:
        metafunc.parametrize("call", prefixes, indirect=True)


@pytest.fixture
async def emulator(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Emulator]:
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("client") == HTTP_2:
        settings = settings.changed(http="hypercorn", tls=True)
    async with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture
async def client(
    emulator: Emulator, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    options: dict[str, Any] = {"base_url": emulator.ready["http"], "timeout": 30}
    if request.param == "in process":
        options["transport"] = httpx.ASGITransport(emulator.app)
    elif request.param == HTTP_2:
        trusted = ssl.create_default_context(cafile=emulator.ready["ca"])
        options |= {"http1": False, "http2": True, "verify": trusted}
    async with httpx.AsyncClient(**options) as client:
        yield client


@pytest.fixture
def call(client: httpx.AsyncClient, request: pytest.FixtureRequest) -> Caller:
    return Caller(client, request.param)


@pytest.fixture
def rules() -> RulesConfig:
    return RulesConfig()


@pytest.fixture
async def stage(
    tmp_path: Path, clock: ManualClock, heard: list[Event], rules: RulesConfig
) -> AsyncIterator[Stage]:
    async with staged(tmp_path, clock, heard, rules) as stage:
        yield stage
