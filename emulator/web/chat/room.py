"""ChatRoom: the clients of one stream's chat, and what they receive.

A user with an open chat counts as one viewer, with any number of sockets and players (contract,
websocket.md, "Who counts as a viewer").
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import get_args

from msgspec import Struct, field

from emulator.chat_delivery.frames import FrameBatch
from emulator.chat_delivery.hub import Topic
from emulator.chat_delivery.send_queue import SendQueue
from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.live import StreamEnded, StreamWentLive
from emulator.shapes.dialect import Dialect
from emulator.web.chat.encoder import ChatEncoder
from emulator.web.chat.faults import ChatFaults
from emulator.world.audience import attendance
from emulator.world.chat import rooms
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

COUNT_EVERY_MS = 5_000
# If more viewers than this come or leave in a second, clients only get the count.
_PRESENCES_A_SECOND = 10
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


class ChatClient(Struct, kw_only=True, eq=False):
    """One socket. `viewer_id` identifies its user or player, `session` is the session that counts.

    `is_shared`: a player may count as the same session, and still run when the chat is closed.
    """

    stream_id: str
    dialect: Dialect
    token: str
    user: User | None
    viewer_id: str
    session: str
    country: str
    device: str
    referrer: str
    is_shared: bool
    outbox: SendQueue
    expiry: Timer | None = None
    # The unfinished lines, and whether more are accepted.
    backlog: int = 0
    has_room: asyncio.Event = field(default_factory=asyncio.Event)
    is_throttled: bool = False
    is_dismissed: bool = False


class _ChatViewer(Struct):
    first: ChatClient
    sockets: int = 0


class ChatRoom:
    """The chat of one stream. It exists while it has clients; for one event loop."""

    def __init__(self, world: World, encoder: ChatEncoder, stream: Stream) -> None:
        self._world = world
        self._encoder = encoder
        self._stream_id = stream.id
        self._is_live = stream.status == "live"
        self._topic = Topic()
        self._faults = ChatFaults(world, stream.id, self._topic.tell)
        self._viewers: dict[str, _ChatViewer] = {}
        self._last_count: int | None = None
        self._presences = 0
        self._presences_at_ms = 0
        self._tick = self._next_tick()

    @property
    def is_empty(self) -> bool:
        return not self._viewers

    def join(self, client: ChatClient, stream: Stream) -> None:
        """Add a client: send it the history and the viewer count, and from then on all messages."""
        viewer = self._viewers.get(client.viewer_id)
        if viewer is None:
            viewer = self._viewers[client.viewer_id] = _ChatViewer(client)
            self._arrive(client, stream)
        viewer.sockets += 1
        count = self._count()
        if self._last_count is None:
            self._last_count = count
        payloads = [self._encoder.viewer_count(client.dialect, count)]
        if client.dialect == "documented":
            is_moderator = rooms.may_moderate(rooms.rank_of(self._world, stream, client.user))
            payloads.insert(0, self._encoder.history(stream, client.user, is_moderator))
        client.outbox.put(FrameBatch(payloads))
        self._topic.add(client.dialect, client.outbox)

    def leave(self, client: ChatClient) -> None:
        self._topic.remove(client.dialect, client.outbox)
        viewer = self._viewers[client.viewer_id]
        viewer.sockets -= 1
        if viewer.sockets == 0:
            del self._viewers[client.viewer_id]
            self._depart(viewer.first)

    def answer(self, client: ChatClient, payload: bytes) -> None:
        """Send a message to one client, after all messages sent to everybody before."""
        self._topic.tell_one(client.outbox, payload)

    def on_event(self, event: Event) -> None:
        """Send an event of this stream or its chat to all clients."""
        if isinstance(event, StreamWentLive):
            self._is_live = True
            asyncio.get_running_loop().call_soon(self._show_presence)
        elif isinstance(event, StreamEnded):
            self._is_live = False
        payloads = self._encoder.render(event, self._dialects())
        if payloads:
            if self._world.faults.are_on:
                self._faults.tell(payloads)
            else:
                self._topic.tell(payloads)

    def close(self) -> None:
        """Stop the timers: the room is empty."""
        self._tick.cancel()
        self._faults.close()

    def _dialects(self) -> Iterable[Dialect]:
        present = self._topic.dialects
        return (dialect for dialect in DIALECTS if dialect in present)

    def _count(self) -> int:
        """The viewers of a live stream; before and after that, the users in its chat."""
        if self._is_live:
            return self._world.viewers.count(self._stream_id)
        return len(self._viewers)

    def _arrive(self, client: ChatClient, stream: Stream) -> None:
        if self._is_live:
            self._see(client, stream)
        self._announce("viewer_join", client)

    def _depart(self, client: ChatClient) -> None:
        # A shared session may still play. If not, it is removed when it has been silent too long.
        stream = self._live_stream()
        if stream is not None and not client.is_shared:
            attendance.leave(self._world, stream, client.session)
        self._announce("viewer_leave", client)

    def _see(self, client: ChatClient, stream: Stream) -> None:
        attendance.see(
            self._world,
            stream,
            client.session,
            is_signed_in=client.user is not None,
            country=client.country,
            device=client.device,
            referrer=client.referrer,
        )

    def _announce(self, kind: str, client: ChatClient) -> None:
        """Send that a viewer came or left, unless too many do: then the count has to suffice."""
        now_ms = self._world.now_ms
        if now_ms - self._presences_at_ms >= 1_000:
            self._presences_at_ms, self._presences = now_ms, 0
        self._presences += 1
        is_crowd = self._presences > _PRESENCES_A_SECOND
        if client.user is not None and not is_crowd and "client" in self._topic.dialects:
            self._topic.tell({"client": self._encoder.presence(kind, client.user)})

    def _show_presence(self) -> None:
        """Count the users with an open chat of a live stream as viewers, also without a player."""
        stream = self._live_stream()
        if stream is not None:
            self._world.store.note(partial(self._see_all, stream))

    def _see_all(self, stream: Stream) -> None:
        for viewer in self._viewers.values():
            self._see(viewer.first, stream)

    def _live_stream(self) -> Stream | None:
        """Return the stream while it is live, the only state with viewers; else None."""
        if not self._is_live:
            return None
        try:
            stream = streams.find(self._world, self._stream_id)
        except Refused:
            return None
        return stream if stream.status == "live" else None

    def _next_tick(self) -> Timer:
        return self._world.clock.call_at(self._world.now_ms + COUNT_EVERY_MS, self._send_count)

    def _send_count(self) -> None:
        self._tick = self._next_tick()
        self._show_presence()
        count = self._count()
        if count != self._last_count:
            self._last_count = count
            self._topic.tell(
                {
                    dialect: self._encoder.viewer_count(dialect, count)
                    for dialect in self._dialects()
                }
            )
