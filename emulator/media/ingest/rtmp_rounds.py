"""Rounds: the sockets of all publishers are read together, not each one when it has something.

A publisher sends some 80 tags a second. To wake for each of them costs more than to read it, and
most of all where many publish. So what has come waits for the round: 10 ms at most where one
publishes, 50 ms where five or more do, a quarter of a part.
"""

import asyncio
import selectors
import socket
from typing import Final, Protocol

_ROUND_SECONDS_EACH: Final = 0.01
_ROUND_SECONDS_MAX: Final = 0.05
_READ_BYTES: Final = 64 * 1024
# One socket's share of a round: 4 MiB, as much as Linux lets wait in it.
_READS_MAX: Final = 64


class Member(Protocol):
    """A connection that is read in rounds."""

    def data_received(self, data: bytes) -> None:
        """Take what came. A reader may leave here, or make others leave."""

    def hung_up(self, error: OSError | None) -> None:
        """Nothing more will come: the peer has closed (None), or the connection broke.

        The member has left by then.
        """


def is_possible(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a socket may be read beside its transport, while that is paused.

    Not on a loop that completes reads (Windows' Proactor), which has no `add_reader`: the read that
    it has begun goes on, and takes what comes next.
    """
    return type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


class Rounds:
    """For the event loop's thread. It runs, and holds a descriptor, only while it has members."""

    def __init__(self) -> None:
        self._members: dict[socket.socket, Member] = {}
        self._selector: selectors.BaseSelector | None = None
        self._timer: asyncio.TimerHandle | None = None
        # One for all: a new one of this size for each read would cost more than to copy out of it.
        self._buffer = memoryview(bytearray(_READ_BYTES))

    @property
    def seconds(self) -> float:
        """How long what has come may wait now."""
        return min(_ROUND_SECONDS_EACH * len(self._members), _ROUND_SECONDS_MAX)

    def join(self, source: socket.socket, member: Member) -> None:
        """Read `source`, which does not block and which nobody else reads, from now on."""
        self._members[source] = member
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
            self._plan()
        self._selector.register(source, selectors.EVENT_READ, source)

    def leave(self, source: socket.socket) -> None:
        """Read `source` no more. Does nothing for one that has left, or has never joined."""
        if self._selector is None or self._members.pop(source, None) is None:
            return
        self._selector.unregister(source)
        if not self._members:
            self._selector.close()
            self._selector = None
            if self._timer is not None:
                self._timer.cancel()

    def catch_up(self) -> None:
        """Read now, and to its end, what has come by now: closed connections are gone afterwards.

        A newcomer is judged by the publishers of now, so no goodbye may still wait for a round.
        """
        if self._selector is not None:
            for key, _ in self._selector.select(0):
                self._read(key.data, is_to_end=True)

    def _plan(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.seconds, self._go_round)

    def _go_round(self) -> None:
        self._plan()
        if self._selector is not None:
            for key, _ in self._selector.select(0):
                self._read(key.data)

    def _read(self, source: socket.socket, *, is_to_end: bool = False) -> None:
        """All that is there, as long as its member stays.

        `is_to_end`: also look whether the peer has hung up behind its last bytes.
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
