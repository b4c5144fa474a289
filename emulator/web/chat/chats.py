"""Chats: all chat sockets of one world: their rooms, and events that concern all of them."""

import asyncio
from functools import cached_property, partial
from typing import TYPE_CHECKING

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.chat import ChatEvent, ChatHeld, ChatReaderDropped
from emulator.core.events.faults import FaultStarted
from emulator.core.events.live import StreamDeleted, StreamUpdated
from emulator.core.events.worlds import ServerStopping, WorldReplaced
from emulator.core.service import Service
from emulator.web.auth import authenticate
from emulator.web.chat.config import ChatConfig
from emulator.world.faults.access import AuthExpire
from emulator.world.faults.chat import ChatDisconnect
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

# Imported with the first client.
if TYPE_CHECKING:
    from emulator.chat_delivery.send_queue import CloseQueue
    from emulator.web.chat.encoder import ChatEncoder
    from emulator.web.chat.line_queue import LineQueue, Outcome
    from emulator.web.chat.room import ChatClient, ChatRoom

# Close codes (contract, websocket.md).
GOING_AWAY = 1001
POLICY = 1008
TOO_BIG = 1009
TRY_LATER = 1013
UNKNOWN_STREAM = 4004

# The error code on the socket for a refusal without a `chat_code`.
_CODES = {
    "unauthorized": "unauthorized",
    "forbidden": "unauthorized",
    "rate_limited": "rate_limited",
}


class Chats(Service):
    """The chat sockets of one world.

    For the event loop's thread; free while nobody is connected.
    """

    def __init__(self, world: World, config: ChatConfig, frame_bytes_max: int) -> None:
        """Limit each frame of a client to `frame_bytes_max`."""
        self.world = world
        self.config = config
        self.frame_bytes_max = frame_bytes_max
        self._rooms: dict[str, ChatRoom] = {}
        self._clients: dict[ChatClient, None] = {}
        self._of_user: dict[str, dict[ChatClient, None]] = {}
        self._drops: list[tuple[ChatClient, str]] = []

    @cached_property
    def encoder(self) -> "ChatEncoder":
        from emulator.web.chat.encoder import ChatEncoder

        return ChatEncoder(self.world)

    @cached_property
    def line_queue(self) -> "LineQueue":
        from emulator.web.chat.line_queue import LineQueue

        return LineQueue(self.world, self.tell)

    @cached_property
    def close_queue(self) -> "CloseQueue":
        from emulator.chat_delivery.send_queue import CloseQueue

        return CloseQueue()

    @property
    def clients(self) -> "list[ChatClient]":
        """The clients in the order in which they came."""
        return list(self._clients)

    @property
    def sockets(self) -> int:
        """The number of open sockets."""
        return len(self._clients)

    @property
    def is_full(self) -> bool:
        return self.sockets >= self.config.sockets_max

    def enter(self, client: "ChatClient", stream: Stream) -> None:
        """Add a client to a stream's chat."""
        from emulator.web.chat.room import ChatRoom

        room = self._rooms.get(stream.id)
        if room is None:
            room = self._rooms[stream.id] = ChatRoom(self.world, self.encoder, stream)
        self._clients[client] = None
        if client.user is not None:
            self._of_user.setdefault(client.user.id, {})[client] = None
        room.join(client, stream)
        if self.world.faults.are_on:
            self._disconnect([client])

    def leave(self, client: "ChatClient") -> None:
        """Remove a client whose socket was closed, unless it was removed with its world."""
        if client.expiry is not None:
            client.expiry.cancel()
        if client not in self._clients:
            return
        del self._clients[client]
        if client.user is not None:
            clients = self._of_user[client.user.id]
            del clients[client]
            if not clients:
                del self._of_user[client.user.id]
        room = self._rooms[client.stream_id]
        room.leave(client)
        if room.is_empty:
            room.close()
            del self._rooms[client.stream_id]

    def handlers(self) -> Handlers:
        return {
            Event: self._on_event,
            Burst: self._on_burst,
            StreamUpdated: self._on_stream_changed,
            StreamDeleted: self._on_stream_changed,
            FaultStarted: self._on_fault,
            WorldReplaced: self._on_world_replaced,
            ServerStopping: self._on_server_stopping,
        }

    def _forget(self, event: Event | Burst) -> None:
        if "encoder" in vars(self):
            self.encoder.forget(event)

    def _on_event(self, event: Event) -> None:
        self._forget(event)
        if not self._clients:
            return
        room = self._rooms.get(getattr(event, "stream_id", ""))
        if room is not None:
            room.on_event(event)
        # After any event of an account, its sockets are checked: their credential may no longer be
        # valid.
        user_id = getattr(event, "user_id", "")
        if user_id in self._of_user and not isinstance(event, ChatEvent):
            asyncio.get_running_loop().call_soon(self._check_user, user_id)

    def _on_burst(self, burst: Burst) -> None:
        """Handle each event of a burst; a burst costs nothing while nobody is connected."""
        if self._clients:
            for event in burst:
                self._on_event(event)
        else:
            self._forget(burst)

    def _on_stream_changed(self, event: StreamUpdated | StreamDeleted) -> None:
        self._on_event(event)
        if event.stream_id in self._rooms:
            asyncio.get_running_loop().call_soon(self._check_stream, event.stream_id)

    def _on_fault(self, event: FaultStarted) -> None:
        self._forget(event)
        if self._clients:
            asyncio.get_running_loop().call_soon(self._break, event.kind)

    def _on_world_replaced(self, event: WorldReplaced) -> None:
        self._forget(event)
        self.close(UNKNOWN_STREAM, "the stream is gone")

    def _on_server_stopping(self, event: ServerStopping) -> None:
        self.close(GOING_AWAY, event.reason)

    def close(self, code: int, reason: str) -> None:
        """Close all sockets."""
        for client in self._clients:
            _dismiss(client, code, reason)
        for room in self._rooms.values():
            room.close()
        self._clients.clear()
        self._of_user.clear()
        self._rooms.clear()

    def check(self, client: "ChatClient") -> None:
        """Close a client's socket if its credential is no longer valid."""
        if not client.token:
            return
        try:
            client.user = authenticate(self.world, client.token)
        except Refused as refused:
            _dismiss(client, POLICY, refused.message)

    def tell(self, client: "ChatClient", outcome: "Outcome") -> None:
        """Send an author the result of a line or command; a published line needs none."""
        if outcome is None:
            return
        if isinstance(outcome, ChatHeld):
            payload = self.encoder.error(client.dialect, "blocked", outcome.reason)
        else:
            payload = self._refusal(client, outcome)
        self.answer(client, payload)

    def answer(self, client: "ChatClient", payload: bytes) -> None:
        """Send a message to one client, unless it has left."""
        if client in self._clients:
            self._rooms[client.stream_id].answer(client, payload)

    def note_dropped(self, client: "ChatClient", reason: str) -> None:
        """Journal that a slow reader was dropped, in the loop's next turn."""
        if client not in self._clients:
            return
        if not self._drops:
            asyncio.get_running_loop().call_soon(self._journal_drops)
        self._drops.append((client, reason))

    def _refusal(self, client: "ChatClient", refused: Refused) -> bytes:
        details = refused.details
        code = details.get("chat_code") or _CODES.get(refused.code, "invalid_message")
        client.is_throttled = client.is_throttled or code == "rate_limited"
        wait_seconds = details.get("retry_after_seconds")
        if "wait_ms" in details:
            wait_seconds = details["wait_ms"] / 1000
        return self.encoder.error(client.dialect, code, refused.message, wait_seconds)

    def _break(self, kind: str) -> None:
        """Apply a fault that has just begun to the present clients."""
        if kind == ChatDisconnect.kind:
            self._disconnect(self.clients)
        elif kind == AuthExpire.kind:
            for client in self.clients:
                self.check(client)

    def _disconnect(self, clients: "list[ChatClient]") -> None:
        for client in clients:
            user = client.user.username if client.user else ""
            subject = f"a socket in the chat of {client.stream_id}"
            struck = self.world.faults.strike(
                ChatDisconnect, subject, stream=client.stream_id, user=user
            )
            if struck is not None:
                _dismiss(client, struck.fault.code, f"a fault: {struck.label}")

    def _check_user(self, user_id: str) -> None:
        for client in tuple(self._of_user.get(user_id, ())):
            self.check(client)

    def _check_stream(self, stream_id: str) -> None:
        """Close the sockets of clients that may no longer see the stream."""
        for client in [client for client in self._clients if client.stream_id == stream_id]:
            try:
                streams.find_for(self.world, stream_id, client.user)
            except Refused as refused:
                _dismiss(client, UNKNOWN_STREAM, refused.message)

    def _journal_drops(self) -> None:
        """Journal all drops of a turn in one change: there may be a thousand at once."""
        drops, self._drops = self._drops, []
        self.world.store.note(partial(self._journal, drops))

    def _journal(self, drops: "list[tuple[ChatClient, str]]") -> None:
        for client, reason in drops:
            self.world.emit(
                ChatReaderDropped(
                    at_ms=self.world.now_ms,
                    stream_id=client.stream_id,
                    user_id=client.user.id if client.user else None,
                    reason=reason,
                )
            )


def _dismiss(client: "ChatClient", code: int, reason: str) -> None:
    """Close a client's socket; its further frames are ignored."""
    client.is_dismissed = True
    client.outbox.close(code, reason)
