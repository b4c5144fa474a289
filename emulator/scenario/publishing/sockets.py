"""Sockets: a line that is said over a real chat socket, as a browser would."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from emulator.core.errors import Refused
from emulator.scenario.stage import Evening

_ANSWER_SECONDS = 10.0


async def say(evening: Evening, stream_id: str, username: str, text: str) -> None:
    """Connect, say it, and wait until it comes back.

    Refuses with the socket's own code and sentence, (`unavailable`) without a server.
    """
    server = evening.server
    if not server.ws or server.key_of is None:
        raise Refused("unavailable", "There is no server here that has a chat socket.")
    from websockets.asyncio.client import connect

    token = quote(server.key_of(username), safe="")
    address = f"{server.ws}/api/v1/streams/{stream_id}/chat/ws?token={token}"
    try:
        async with (
            asyncio.timeout(_ANSWER_SECONDS),
            connect(address, proxy=None, max_size=None) as socket,
        ):
            await socket.send(json.dumps({"type": "message", "content": text}))
            async for frame in socket:
                if _is_answer(json.loads(frame), username, text):
                    return
    except TimeoutError:
        pass
    raise Refused("unavailable", "The line did not come back over the socket.")


def _is_answer(event: dict[str, Any], username: str, text: str) -> bool:
    """Whether our line has come back. Refuses with what the socket refused it with."""
    told = event.get("data") or {}
    if event.get("type") == "error":
        code = str(told.get("code", "refused"))
        raise Refused("forbidden", str(told.get("message", code)), chat_code=code)
    is_said = event.get("type") == "message" and told.get("content") == text
    return is_said and username in (told.get("username"), (told.get("user") or {}).get("username"))
