"""ChatReader: a viewer with the chat open; Page: a viewer with a player and the chat."""

import asyncio
from typing import TYPE_CHECKING

from emulator.core.errors import Refused
from emulator.scenario.clients.sockets import open_socket
from emulator.scenario.clients.viewer import Viewer, ViewerIdentity

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_AGAIN_SECONDS = 2.0


class ChatReader:
    """Reads all messages, and reconnects when the socket is closed."""

    def __init__(self, ws: str, stream_id: str, identity: ViewerIdentity, ca: str) -> None:
        self._ws = ws
        self._stream_id = stream_id
        self._who = identity
        self._ca = ca
        self._reading: asyncio.Task[None] | None = None

    async def come(self) -> None:
        self._reading = asyncio.create_task(self._read(await self._open()))

    async def go(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _open(self) -> "ClientConnection":
        headers = {"User-Agent": self._who.agent, **self._who.headers}
        return await open_socket(self._ws, self._stream_id, self._who.token, self._ca, headers)

    async def _read(self, socket: "ClientConnection") -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            async with socket:
                try:
                    while True:
                        await socket.recv()
                except ConnectionClosed:
                    pass
            socket = await self._open_again()

    async def _open_again(self) -> "ClientConnection":
        while True:
            await asyncio.sleep(_AGAIN_SECONDS)
            try:
                return await self._open()
            except Refused:  # The server is not back yet.
                continue


class Page:
    """One viewer with both: player and chat have the same account."""

    def __init__(self, player: Viewer, chat: Viewer) -> None:
        self._parts = (chat, player)

    async def come(self) -> None:
        for part in self._parts:
            await part.come()

    async def go(self) -> None:
        for part in self._parts:
            await part.go()
