"""A stream's chat, through one of three doors: in process, uvicorn, Hypercorn.

Each test takes one, always the same. What the doors themselves do (frames, ends of connections,
slow readers, order) is tried behind each (`every_door`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import uvloop

from tests.support.chat import Chatroom, chatroom
from tests.support.chat_clients import DOORS


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that `serve` runs on: its transports refuse what asyncio's let pass."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def patch() -> dict[str, Any]:
    """Settings that differ from the defaults."""
    return {}


@pytest.fixture
def door(request: pytest.FixtureRequest) -> str:
    names = sorted(DOORS)
    return names[crc32(request.node.name.encode()) % len(names)]


@pytest.fixture
async def room(tmp_path: Path, door: str, patch: dict[str, Any]) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, door, **patch) as room:
        yield room
