"""ChatRoom: the clients of one stream's chat, and what they are told of each other.

A user with a chat open counts as a viewer, once, however many sockets are open and players run
beside it (contract, websocket.md, "Who counts as a viewer").
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
# More comings and goings than this a second are told as a count.
_PRESENCES_A_SECOND = 10
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


class ChatClient(Struct, kw_only=True, eq=False):
    """One socket. `person` is whose it is, `session` the viewer that counts for them.

    `is_shared`: a player may be counted as the same session, and still run when the chat is closed.
    """

    stream_id: str
    dialect: Dialect
    token: str
    user: User | None
    person: str
    session: str
    country: str
    device: str
    referrer: str
    is_shared: bool
    outbox: SendQueue
    expiry: Timer | None = None
    # Lines on their way to the world, and whether there is room for more.
    backlog: int = 0
    has_room: asyncio.Event = field(default_factory=asyncio.Event)
    is_throttled: bool = False
    is_dismissed: bool = False


class _Person(Struct):
    first: ChatClient
    sockets: int = 0


class ChatRoom:
    """For one event loop. It is there while somebody is in it."""

    def __init__(self, world: World, encoder: ChatEncoder, stream: Stream) -> None:
        self._world = world
        self._encoder = encoder
        self._stream_id = stream.id
        self._is_live = stream.status == "live"
        self._topic = Topic()
        self._faults = ChatFaults(world, stream.id, self._topic.tell)
        self._persons: dict[str, _Person] = {}
        self._last_count: int | None = None
        self._presences = 0
        self._presences_at_ms = 0
        self._tick = self._next_tick()

    @property
    def is_empty(self) -> bool:
        return not self._persons

    def join(self, client: ChatClient, stream: Stream) -> None:
        """Tell a client what was said, how many are here, and from then on what happens."""
        person = self._persons.get(client.person)
        if person is None:
            person = self._persons[client.person] = _Person(client)
            self._arrive(client, stream)
        person.sockets += 1
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
        person = self._persons[client.person]
        person.sockets -= 1
        if person.sockets == 0:
            del self._persons[client.person]
            self._depart(person.first)

    def answer(self, client: ChatClient, payload: bytes) -> None:
        """Tell one client something, behind what all were told before."""
        self._topic.tell_one(client.outbox, payload)

    def on_event(self, event: Event) -> None:
        """Something happened to this stream or its chat."""
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
        """Nobody is here any more."""
        self._tick.cancel()
        self._faults.close()

    def _dialects(self) -> Iterable[Dialect]:
        present = self._topic.dialects
        return (dialect for dialect in DIALECTS if dialect in present)

    def _count(self) -> int:
        """How many watch; before and after a stream is live, how many are in its chat."""
        if self._is_live:
            return self._world.viewers.count(self._stream_id)
        return len(self._persons)

    def _arrive(self, client: ChatClient, stream: Stream) -> None:
        if self._is_live:
            self._see(client, stream)
        self._announce("viewer_join", client)

    def _depart(self, client: ChatClient) -> None:
        # A shared session may still play: it is lost by itself when it falls silent.
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
        """Tell of a coming or going, unless there are so many that the count has to do."""
        now_ms = self._world.now_ms
        if now_ms - self._presences_at_ms >= 1_000:
            self._presences_at_ms, self._presences = now_ms, 0
        self._presences += 1
        is_crowd = self._presences > _PRESENCES_A_SECOND
        if client.user is not None and not is_crowd and "client" in self._topic.dialects:
            self._topic.tell({"client": self._encoder.presence(kind, client.user)})

    def _show_presence(self) -> None:
        """A user with a live stream's chat open watches it, also without a player."""
        stream = self._live_stream()
        if stream is not None:
            self._world.store.note(partial(self._see_all, stream))

    def _see_all(self, stream: Stream) -> None:
        for person in self._persons.values():
            self._see(person.first, stream)

    def _live_stream(self) -> Stream | None:
        """The stream, while it is live: only then does it have viewers."""
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
