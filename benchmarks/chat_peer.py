"""A chat room on bare Starlette and uvicorn, to compare with: `await send_text` in a loop."""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

PADDING = "x" * int(sys.argv[2])
READERS: set[WebSocket] = set()


async def room(socket: WebSocket) -> None:
    await socket.accept()
    READERS.add(socket)
    try:
        async for text in socket.iter_text():
            line = json.loads(text)
            message = json.dumps({"type": "message", "data": {**line, "padding": PADDING}})
            for reader in tuple(READERS):
                await reader.send_text(message)
    finally:
        READERS.discard(socket)


if __name__ == "__main__":
    app = Starlette(routes=[WebSocketRoute("/room", room)])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
