"""Rounds: reads the sockets of all publishers together, instead of each one when it has data.

A publisher sends some 80 tags a second. To wake for each of them costs more than to read it, most
of all with many publishers. So data waits for the next round: at most 10 ms with one publisher, 50
ms with five or more; longer where nothing would come of it sooner (docs/decisions/0052).
"""

import asyncio
import socket
from typing import Final, Protocol

_ROUND_SECONDS_EACH: Final = 0.01
_ROUND_SECONDS_MAX: Final = 0.05
_READ_BYTES: Final = 256 * 1024
# The reads of one socket in a round: 4 MiB, as much as Linux buffers in it.
_READS_MAX: Final = 16


class Member(Protocol):
    """A connection that is read in rounds."""

    @property
    def patience_ms(self) -> int:
        """The milliseconds that its next data may wait. 0: until the next round."""

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

    It runs only while it has members. It asks each socket for data without asking first which have
    some: nearly all of them have, as each sends some 80 tags a second.
    """

    def __init__(self) -> None:
        self._members: dict[socket.socket, Member] = {}
        # When each of them is to be read next, on the loop's clock.
        self._due: dict[socket.socket, float] = {}
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
        self._members[source] = member
        self._due[source] = 0
        if len(self._members) == 1:
            self._schedule()

    def leave(self, source: socket.socket) -> None:
        """Stop reading `source`. Does nothing for one that has left, or has never joined."""
        if self._members.pop(source, None) is None:
            return
        del self._due[source]
        if not self._members and self._timer is not None:
            self._timer.cancel()

    def catch_up(self) -> None:
        """Read all that has arrived, up to the end of connections that the peer has closed.

        A new publisher is checked against the current ones, so no close may still wait for a round.
        """
        for source in list(self._members):
            self._read(source, is_to_end=True)

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.seconds, self._go_round)

    def _go_round(self) -> None:
        self._schedule()
        now = asyncio.get_running_loop().time()
        for source in [source for source, due in self._due.items() if due <= now]:
            if self._read(source) and (member := self._members.get(source)) is not None:
                self._due[source] = now + member.patience_ms / 1000

    def _read(self, source: socket.socket, *, is_to_end: bool = False) -> bool:
        """Read all data that is there, until its member leaves. Return whether there was any.

        `is_to_end`: also check whether the peer has closed after its last bytes.
        """
        has_data = False
        for _ in range(_READS_MAX):
            member = self._members.get(source)
            if member is None:
                break
            try:
                count = source.recv_into(self._buffer)
            except BlockingIOError:
                break
            except OSError as error:
                self.leave(source)
                member.hung_up(error)
                break
            if not count:
                self.leave(source)
                member.hung_up(None)
                break
            has_data = True
            member.data_received(bytes(self._buffer[:count]))
            if count < _READ_BYTES and not is_to_end:
                break
        return has_data
