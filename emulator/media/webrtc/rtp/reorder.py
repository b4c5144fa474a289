"""Reorder: puts one source's packets in order, and finds those to request again. Pure.

A missing packet is waited for, for some time; then it is lost, and the packets behind it go on. So
one lost packet delays its source, and never stops it.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from emulator.media.webrtc.rtp.packets import Counter

T = TypeVar("T")

_ASK_EVERY_MS = 30
# A step of this size is a source that restarted, not a loss.
_JUMP = 2_000
# The number of packets requested at once: for a wider hole a key frame is better.
_ASKED_MAX = 100


class Reorder(Generic[T]):
    """The order of one source's packets. `wait_ms`: the wait for a missing one; 0 never waits."""

    def __init__(self, wait_ms: int, held_max: int = 1024) -> None:
        self._wait_ms = wait_ms
        self._held_max = held_max
        self._counter = Counter(16)
        self._next: int | None = None
        self._held: dict[int, T] = {}
        self._asked_at_ms: dict[int, int] = {}
        self._since_ms: int | None = None
        self.lost = 0

    @property
    def is_waiting(self) -> bool:
        return bool(self._held)

    def push(self, sequence: int, packet: T, now_ms: int) -> Iterator[T | None]:
        """Yield the packets that may go on, in order; None for a hole that is given up."""
        number = self._counter.follow(sequence)
        if self._next is None:
            self._next = number
        step = number - self._next
        if abs(step) > _JUMP:
            yield from self._restart(sequence)
            number = self._next = sequence
            step = 0
        if step < 0 or number in self._held:
            return
        if step == 0:
            self._next = number + 1
            yield packet
            yield from self._run()
        else:
            self._held[number] = packet
            if self._since_ms is None:
                self._since_ms = now_ms
        yield from self.look(now_ms)

    def look(self, now_ms: int) -> Iterator[T | None]:
        """Give up the holes that have been waited for long enough."""
        while self._held and (
            len(self._held) > self._held_max
            or (self._since_ms is not None and now_ms - self._since_ms >= self._wait_ms)
        ):
            first = min(self._held)
            assert self._next is not None
            self.lost += first - self._next
            self._next = first
            yield None
            yield from self._run()
            # The other packets have waited since their hole became known, which may be shorter.
            self._since_ms = now_ms if self._held else None

    def to_ask_for(self, now_ms: int) -> list[int]:
        """The sequence numbers of missing packets that are due to be requested (again)."""
        if not self._held or self._next is None:
            return []
        due: list[int] = []
        for number in range(self._next, max(self._held)):
            if number in self._held:
                continue
            asked_at_ms = self._asked_at_ms.get(number)
            if asked_at_ms is None or now_ms - asked_at_ms >= _ASK_EVERY_MS:
                self._asked_at_ms[number] = now_ms
                due.append(number & 0xFFFF)
                if len(due) >= _ASKED_MAX:
                    break
        return due

    def _run(self) -> Iterator[T]:
        """Yield the held packets that now follow without a hole."""
        assert self._next is not None
        while (packet := self._held.pop(self._next, None)) is not None:
            self._next += 1
            yield packet
        if not self._held:
            self._since_ms = None
        if self._asked_at_ms:
            self._asked_at_ms = {
                number: at for number, at in self._asked_at_ms.items() if number >= self._next
            }

    def _restart(self, sequence: int) -> Iterator[T | None]:
        """Restart the count: the source counts from elsewhere, and held packets are lost."""
        self._held.clear()
        self._asked_at_ms.clear()
        self._since_ms = None
        self._counter = Counter(16)
        self._counter.follow(sequence)
        yield None
