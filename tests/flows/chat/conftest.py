"""A stream's chat, through every door: what holds behind one server holds behind the others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat import Chatroom, chatroom


@pytest.fixture
def wishes() -> dict[str, Any]:
    """Settings that differ from the defaults."""
    return {}


@pytest.fixture(params=["in process", "uvicorn", "hypercorn"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def room(tmp_path: Path, door: str, wishes: dict[str, Any]) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, door, **wishes) as room:
        yield room
