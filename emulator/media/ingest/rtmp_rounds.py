"""Rounds: reads the sockets of all publishers together, instead of each one when it has data.

A publisher sends some 80 tags a second. To wake for each of them costs more than to read it, most
of all with many publishers. So data waits for the next round: at most 10 ms with one publisher, 50
ms with five or more. A publisher that joins as the ninth or later is read in every second round:
its stream has long parts (docs/decisions/0046), and this is half of one.
"""

import asyncio
import selectors
import socket
from typing import Final, Protocol, cast

_ROUND_SECONDS_EACH: Final = 0.01
_ROUND_SECONDS_MAX: Final = 0.05
_QUICK_MAX: Final = 8
_READ_BYTES: Final = 64 * 1024
# The reads of one socket in a round: 4 MiB, as much as Linux buffers in it.
_READS_MAX: Final = 64


class Member(Protocol):
    """A connection that is read in rounds."""

    def data_received(self, data: bytes) -> None:
        """Take received data. A member may leave here, or make others leave."""

    def hung_up(self, error: OSError | None) -> None:
        """Note that no more data will come: the peer closed (None), or the connection broke.

        The member has been removed by then.
        """


def is_possible(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a socket may be read directly while its transport is paused.

    This is not possible on a loop that completes reads (Windows' Proactor), which has no
    `add_reader`: a read that it has begun continues, and takes the next data.
    """
    return type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


class Rounds:
    """The members of the rounds. For the event loop's thread.

    It runs, and holds file descriptors, only while it has members.
    """

    def __init__(self) -> None:
        self._members: dict[socket.socket, Member] = {}
        # The sockets that each round reads; those of the even rounds and of the odd ones.
        self._quick = _Sockets()
        self._patient = (_Sockets(), _Sockets())
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        # One buffer for all reads: to allocate one of this size for each read would cost more than
        # to copy.
        self._buffer = memoryview(bytearray(_READ_BYTES))

    @property
    def seconds(self) -> float:
        """The time between two rounds now."""
        return min(_ROUND_SECONDS_EACH * len(self._members), _ROUND_SECONDS_MAX)

    def join(self, source: socket.socket, member: Member) -> None:
        """Read `source` from now on. It must not block, and nobody else may read it."""
        is_quick = len(self._members) < _QUICK_MAX
        self._members[source] = member
        (self._quick if is_quick else min(self._patient, key=len)).add(source)
        if len(self._members) == 1:
            self._schedule()

    def leave(self, source: socket.socket) -> None:
        """Stop reading `source`. Does nothing for one that has left, or has never joined."""
        if self._members.pop(source, None) is None:
            return
        for group in (self._quick, *self._patient):
            group.discard(source)
        if not self._members and self._timer is not None:
            self._timer.cancel()

    def catch_up(self) -> None:
        """Read all that has arrived, up to the end of connections that the peer has closed.

        A new publisher is checked against the current ones, so no close may still wait for a round.
        """
        for group in (self._quick, *self._patient):
            for source in group.ready():
                self._read(source, is_to_end=True)

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.seconds, self._go_round)

    def _go_round(self) -> None:
        self._schedule()
        self._number += 1
        for group in (self._quick, self._patient[self._number % 2]):
            for source in group.ready():
                self._read(source)

    def _read(self, source: socket.socket, *, is_to_end: bool = False) -> None:
        """Read all data that is there, until its member leaves.

        `is_to_end`: also check whether the peer has closed after its last bytes.
        """
        for _ in range(_READS_MAX):
            member = self._members.get(source)
            if member is None:
                return
            try:
                count = source.recv_into(self._buffer)
            except BlockingIOError:
                return
            except OSError as error:
                self.leave(source)
                member.hung_up(error)
                return
            if not count:
                self.leave(source)
                member.hung_up(None)
                return
            member.data_received(bytes(self._buffer[:count]))
            if count < _READ_BYTES and not is_to_end:
                return


class _Sockets:
    """A set of sockets, which can select those that are readable."""

    def __init__(self) -> None:
        self._sockets: set[socket.socket] = set()
        self._selector: selectors.BaseSelector | None = None

    def __len__(self) -> int:
        return len(self._sockets)

    def add(self, source: socket.socket) -> None:
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
        self._selector.register(source, selectors.EVENT_READ)
        self._sockets.add(source)

    def discard(self, source: socket.socket) -> None:
        if source not in self._sockets or self._selector is None:
            return
        self._sockets.remove(source)
        self._selector.unregister(source)
        if not self._sockets:
            self._selector.close()
            self._selector = None

    def ready(self) -> list[socket.socket]:
        if self._selector is None:
            return []
        return [cast("socket.socket", key.fileobj) for key, _ in self._selector.select(0)]
