"""A stream's chat, through one of three transports: in process, uvicorn, Hypercorn.

Each test always uses the same one. Tests of the transports themselves (frames, closed connections,
slow readers, order) are run with each (`every_transport`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.support.chat import Chatroom, chatroom
from tests.support.chat_clients import TRANSPORTS


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop of `serve`, whose transports refuse what asyncio's allow."""
    try:
        import uvloop
    except ImportError:  # As on Windows.
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def patch() -> dict[str, Any]:
    """Settings that differ from the defaults."""
    return {}


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    names = sorted(TRANSPORTS)
    return names[crc32(request.node.name.encode()) % len(names)]


@pytest.fixture
async def room(tmp_path: Path, transport: str, patch: dict[str, Any]) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, transport, **patch) as room:
        yield room
