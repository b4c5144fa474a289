"""Chats: one world's chat sockets: which rooms they are in, and what happens to all of them."""

import asyncio
from functools import partial
from typing import Literal

from msgspec import Struct, field

from emulator.chat_delivery.send_queue import CloseQueue, SendQueueConfig
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
from emulator.web.chat.encoder import ChatEncoder
from emulator.web.chat.intake import LineQueue, Outcome
from emulator.web.chat.room import ChatClient, ChatRoom
from emulator.world.faults.access import AuthExpire
from emulator.world.faults.chat import ChatDisconnect
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

# Close codes (contract, websocket.md).
GOING_AWAY = 1001
POLICY = 1008
TOO_BIG = 1009
TRY_LATER = 1013
UNKNOWN_STREAM = 4004

# What a refusal without a chat code of its own is called on the socket.
_CODES = {
    "unauthorized": "unauthorized",
    "forbidden": "unauthorized",
    "rate_limited": "rate_limited",
}

Anonymous = Literal["", "refuse", "read"]


class ChatConfig(Struct, frozen=True):
    """`anonymous`: whether a socket without a token reads; `` as its dialect has it."""

    anonymous: Anonymous = ""
    sockets_max: int = 20_000
    frame_bytes_max: int = 16 * 1024
    outbox: SendQueueConfig = field(default_factory=SendQueueConfig)


class Chats(Service):
    """For the event loop's thread. Costs nothing while nobody is connected."""

    def __init__(self, world: World, bounds: ChatConfig) -> None:
        self.world = world
        self.bounds = bounds
        self.news = ChatEncoder(world)
        self.intake = LineQueue(world, self.tell)
        self._gatherings: dict[str, ChatRoom] = {}
        self._guests: dict[ChatClient, None] = {}
        self._of_user: dict[str, dict[ChatClient, None]] = {}
        self.farewells = CloseQueue()
        self._drops: list[tuple[ChatClient, str]] = []

    @property
    def guests(self) -> list[ChatClient]:
        """The clients, the first to come first."""
        return list(self._guests)

    @property
    def sockets(self) -> int:
        """How many are open."""
        return len(self._guests)

    @property
    def is_full(self) -> bool:
        return self.sockets >= self.bounds.sockets_max

    def enter(self, guest: ChatClient, stream: Stream) -> None:
        """Let a guest into a stream's chat."""
        gathering = self._gatherings.get(stream.id)
        if gathering is None:
            gathering = self._gatherings[stream.id] = ChatRoom(self.world, self.news, stream)
        self._guests[guest] = None
        if guest.user is not None:
            self._of_user.setdefault(guest.user.id, {})[guest] = None
        gathering.join(guest, stream)
        if self.world.faults.are_on:
            self._disconnect([guest])

    def leave(self, guest: ChatClient) -> None:
        """A guest's socket is closed. One that went with its world has left already."""
        if guest.expiry is not None:
            guest.expiry.cancel()
        if guest not in self._guests:
            return
        del self._guests[guest]
        if guest.user is not None:
            theirs = self._of_user[guest.user.id]
            del theirs[guest]
            if not theirs:
                del self._of_user[guest.user.id]
        gathering = self._gatherings[guest.stream_id]
        gathering.leave(guest)
        if gathering.is_empty:
            gathering.close()
            del self._gatherings[guest.stream_id]

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

    def _on_event(self, event: Event) -> None:
        self.news.forget(event)
        if not self._guests:
            return
        gathering = self._gatherings.get(getattr(event, "stream_id", ""))
        if gathering is not None:
            gathering.on_event(event)
        # Whatever happened to an account, its sockets must still be welcome afterwards.
        user_id = getattr(event, "user_id", "")
        if user_id in self._of_user and not isinstance(event, ChatEvent):
            asyncio.get_running_loop().call_soon(self._check_user, user_id)

    def _on_burst(self, burst: Burst) -> None:
        """Many events cost nothing while nobody is here."""
        if self._guests:
            for event in burst:
                self._on_event(event)
        else:
            self.news.forget(burst)

    def _on_stream_changed(self, event: StreamUpdated | StreamDeleted) -> None:
        self._on_event(event)
        if event.stream_id in self._gatherings:
            asyncio.get_running_loop().call_soon(self._check_stream, event.stream_id)

    def _on_fault(self, event: FaultStarted) -> None:
        self.news.forget(event)
        if self._guests:
            asyncio.get_running_loop().call_soon(self._break, event.kind)

    def _on_world_replaced(self, event: WorldReplaced) -> None:
        self.news.forget(event)
        self.close(UNKNOWN_STREAM, "the stream is gone")

    def _on_server_stopping(self, event: ServerStopping) -> None:
        self.close(GOING_AWAY, event.reason)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye to everybody."""
        for guest in self._guests:
            _dismiss(guest, code, reason)
        for gathering in self._gatherings.values():
            gathering.close()
        self._guests.clear()
        self._of_user.clear()
        self._gatherings.clear()

    def check(self, guest: ChatClient) -> None:
        """Close a guest's socket if its credential does not hold any more."""
        if not guest.token:
            return
        try:
            guest.user = authenticate(self.world, guest.token)
        except Refused as refused:
            _dismiss(guest, POLICY, refused.message)

    def tell(self, guest: ChatClient, outcome: Outcome) -> None:
        """Tell an author what became of a line or command; a line that is seen tells itself."""
        if outcome is None:
            return
        if isinstance(outcome, ChatHeld):
            payload = self.news.error(guest.dialect, "blocked", outcome.reason)
        else:
            payload = self._refusal(guest, outcome)
        self.answer(guest, payload)

    def answer(self, guest: ChatClient, payload: bytes) -> None:
        """Tell one guest something, unless they have left."""
        if guest in self._guests:
            self._gatherings[guest.stream_id].answer(guest, payload)

    def note_dropped(self, guest: ChatClient, why: str) -> None:
        """Journal that a reader was too slow, once the loop is done with what it does."""
        if guest not in self._guests:
            return
        if not self._drops:
            asyncio.get_running_loop().call_soon(self._journal_drops)
        self._drops.append((guest, why))

    def _refusal(self, guest: ChatClient, refused: Refused) -> bytes:
        details = refused.details
        code = details.get("chat_code") or _CODES.get(refused.code, "invalid_message")
        guest.is_hammering = guest.is_hammering or code == "rate_limited"
        wait_seconds = details.get("retry_after_seconds")
        if "wait_ms" in details:
            wait_seconds = details["wait_ms"] / 1000
        return self.news.error(guest.dialect, code, refused.message, wait_seconds)

    def _break(self, kind: str) -> None:
        """A fault has begun: it strikes the clients of now."""
        if kind == ChatDisconnect.kind:
            self._disconnect(self.guests)
        elif kind == AuthExpire.kind:
            for guest in self.guests:
                self.check(guest)

    def _disconnect(self, guests: list[ChatClient]) -> None:
        for guest in guests:
            user = guest.user.username if guest.user else ""
            subject = f"a socket in the chat of {guest.stream_id}"
            struck = self.world.faults.strike(
                ChatDisconnect, subject, stream=guest.stream_id, user=user
            )
            if struck is not None:
                _dismiss(guest, struck.fault.code, f"a fault: {struck.label}")

    def _check_user(self, user_id: str) -> None:
        for guest in tuple(self._of_user.get(user_id, ())):
            self.check(guest)

    def _check_stream(self, stream_id: str) -> None:
        """Close the sockets of those for whom the stream is not there any more."""
        for guest in [guest for guest in self._guests if guest.stream_id == stream_id]:
            try:
                streams.find_for(self.world, stream_id, guest.user)
            except Refused as refused:
                _dismiss(guest, UNKNOWN_STREAM, refused.message)

    def _journal_drops(self) -> None:
        """All of a turn in one change: a thousand may be dropped at once, and others read on."""
        drops, self._drops = self._drops, []
        self.world.store.note(partial(self._journal, drops))

    def _journal(self, drops: list[tuple[ChatClient, str]]) -> None:
        for guest, why in drops:
            self.world.emit(
                ChatReaderDropped(
                    at_ms=self.world.now_ms,
                    stream_id=guest.stream_id,
                    user_id=guest.user.id if guest.user else None,
                    reason=why,
                )
            )


def _dismiss(guest: ChatClient, code: int, reason: str) -> None:
    """Say goodbye; what still comes from this guest is not heard any more."""
    guest.is_dismissed = True
    guest.outbox.close(code, reason)
