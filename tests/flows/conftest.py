"""The platform over HTTP, in process and over a real socket: the same tests meet both."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.rules import Rules
from tests.support.rest import Caller
from tests.support.stage import Stage, staged


@pytest.fixture
def settings() -> Settings:
    return Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)


@pytest.fixture
async def emulator(settings: Settings) -> AsyncIterator[Emulator]:
    async with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture(params=["in process", "socket"])
async def client(
    emulator: Emulator, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    base = emulator.ready["http"]
    transport = httpx.ASGITransport(emulator.app) if request.param == "in process" else None
    async with httpx.AsyncClient(base_url=base, transport=transport, timeout=30) as client:
        yield client


@pytest.fixture(params=["/api/v1", "/v1"])
def call(client: httpx.AsyncClient, request: pytest.FixtureRequest) -> Caller:
    return Caller(client, request.param)


@pytest.fixture
def rules() -> Rules:
    return Rules()


@pytest.fixture
async def stage(
    tmp_path: Path, clock: ManualClock, heard: list[Event], rules: Rules
) -> AsyncIterator[Stage]:
    async with staged(tmp_path, clock, heard, rules) as stage:
        yield stage
