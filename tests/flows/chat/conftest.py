"""A stream's chat, through every door: what holds behind one server holds behind the others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.support.chat import Chatroom, chatroom


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that `serve` runs on: its transports refuse what asyncio's let pass."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def patch() -> dict[str, Any]:
    """Settings that differ from the defaults."""
    return {}


@pytest.fixture(params=["in process", "uvicorn", "hypercorn"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def room(tmp_path: Path, door: str, patch: dict[str, Any]) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, door, **patch) as room:
        yield room
