"""Fault tests use a real socket, since some faults are about the connection itself."""

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator.server import Emulator
from tests.support.rest import Caller


@pytest.fixture
async def http(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=emulator.ready["http"], timeout=30) as http:
        yield http


@pytest.fixture
def call(http: httpx.AsyncClient) -> Caller:
    return Caller(http, "/api/v1")
