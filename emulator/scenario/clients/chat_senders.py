"""ChatSenders: accounts that post over real chat sockets, one socket each."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.core.errors import Refused
from emulator.scenario.clients.sockets import ANSWER_SECONDS, open_socket
from emulator.scenario.clients.viewer import AGENT
from emulator.scenario.engine.run import Run

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

# The largest number of senders: each is a connection and a task.
SENDERS_MAX = 500


class ChatSender:
    """One person's socket. Each line is answered by its message, or by a refusal."""

    def __init__(self, socket: "ClientConnection", username: str) -> None:
        self._socket = socket
        self._username = username
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()
        self._reading = asyncio.create_task(self._read())

    async def send(self, frame: dict[str, Any], answer: str) -> "asyncio.Future[None]":
        """Send a frame. The future is done once `answer` has come back.

        A refusal is set as its exception, with the socket's own code and message.
        """
        from websockets.exceptions import ConnectionClosed

        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A caller that ignores the future gets no warning of a refusal.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append((answer, future))
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed:
            # The reading task has the reason.
            await asyncio.wait([self._reading])
        return future

    async def say(self, text: str) -> "asyncio.Future[None]":
        return await self.send({"type": "message", "content": text}, text)

    async def delete(self, message_id: str) -> "asyncio.Future[None]":
        return await self.send({"type": "delete", "message_id": message_id}, message_id)

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self._handle(json.loads(await self._socket.recv()))
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            reason = (closed.rcvd.reason if closed.rcvd else "") or "no reason"
            for _, future in self._waiting:
                if not future.done():
                    message = f"The chat socket was closed with {code}: {reason}."
                    future.set_exception(Refused("unavailable", message))
            self._waiting.clear()

    def _handle(self, event: dict[str, Any]) -> None:
        data = event.get("data") or {}
        if event.get("type") == "error" and self._waiting:
            _, future = self._waiting.popleft()
            code = str(data.get("code", "refused"))
            if not future.done():
                future.set_exception(
                    Refused("forbidden", str(data.get("message", code)), chat_code=code)
                )
        elif event.get("type") == "message" and self._is_mine(data):
            self._answer(str(data.get("content")))
        elif event.get("type") == "message_deleted":
            self._answer(str(data.get("message_id")))

    def _is_mine(self, message: dict[str, Any]) -> bool:
        names = (message.get("username"), (message.get("user") or {}).get("username"))
        return self._username in names

    def _answer(self, answer: str) -> None:
        for expected in self._waiting:
            if expected[0] == answer:
                self._waiting.remove(expected)
                if not expected[1].done():
                    expected[1].set_result(None)
                return


class ChatSenders:
    """The senders of one step in one stream's chat, each opened with its first line."""

    def __init__(self, run: Run, stream_id: str) -> None:
        """Prepare the senders. Refuses (`unavailable`) without a server, or where time jumps."""
        server = run.server
        if run.is_virtual or not server.ws or server.key_of is None:
            raise Refused("unavailable", "Real lines need a server and a clock that runs.")
        self._key_of: Callable[[str], str] = server.key_of
        self._ws, self._ca = server.ws, server.ca
        self._stream_id = stream_id
        self._senders: dict[str, ChatSender] = {}

    async def of(self, username: str) -> ChatSender:
        """The sender of a user. Refuses (`invalid`) too many at once."""
        chat_sender = self._senders.get(username)
        if chat_sender is None:
            if len(self._senders) >= SENDERS_MAX:
                raise Refused(
                    "invalid", f"At most {SENDERS_MAX} people can speak over real sockets."
                )
            token = self._key_of(username)
            headers = {"User-Agent": f"{AGENT} {username}"}
            socket = await open_socket(self._ws, self._stream_id, token, self._ca, headers)
            chat_sender = self._senders[username] = ChatSender(socket, username)
        return chat_sender

    async def close(self) -> None:
        await asyncio.gather(*(sender.close() for sender in self._senders.values()))


async def answered(future: "asyncio.Future[None]") -> None:
    """Wait for the answer to a line.

    Refuses with its refusal, or (`unavailable`) without answer.
    """
    try:
        await asyncio.wait_for(asyncio.shield(future), ANSWER_SECONDS)
    except TimeoutError:
        raise Refused("unavailable", "The line did not come back over the socket.") from None
