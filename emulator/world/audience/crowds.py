"""Crowds: the simulated viewers of a world's streams, made again from their orders if need be.

In memory, beside the store: what is in a crowd's tally is written down by `ledger`.
"""

from emulator.core.clock import Clock, Timer
from emulator.world.audience import orders
from emulator.world.audience.crowd import Crowd
from emulator.world.store.journal import Store


class Crowds:
    """By the ids of their streams, which are live."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._crowds: dict[str, Crowd] = {}
        # What wakes those in whom something will change by itself.
        self.timers: dict[str, Timer] = {}
        # Those whose orders nobody has looked at since this world was opened.
        self._asleep = orders.ordered(store)

    def find(self, stream_id: str, at_ms: int | None = None) -> Crowd | None:
        """A stream's crowd as it is now, or at `at_ms`; None where it never had one.

        One that was looked at later than `at_ms` stays as it was then.
        """
        crowd = self._crowds.get(stream_id)
        if crowd is None:
            row = self._asleep.pop(stream_id, None)
            if row is None:
                return None
            crowd = self._crowds[stream_id] = orders.crowd_of(self._store, stream_id, row)
        crowd.fold(self._clock.now_ms() if at_ms is None else at_ms)
        return crowd

    def find_or_make(self, stream_id: str) -> Crowd:
        crowd = self.find(stream_id)
        if crowd is None:
            crowd = self._crowds[stream_id] = Crowd(stream_id)
        return crowd

    def forget(self, stream_id: str) -> None:
        """The stream has ended."""
        self._crowds.pop(stream_id, None)
        self._asleep.pop(stream_id, None)

    def make_again(self, stream_id: str, stream_row: int) -> None:
        """What a stream's crowd was told or has written down did not become a fact."""
        self._crowds.pop(stream_id, None)
        if orders.count(self._store, stream_row):
            self._asleep[stream_id] = stream_row

    def count(self, stream_id: str) -> int:
        """How many of a stream's viewers are simulated at this instant."""
        if stream_id not in self._crowds and stream_id not in self._asleep:
            return 0
        crowd = self.find(stream_id)
        return crowd.count if crowd else 0

    def counts(self) -> dict[str, int]:
        """How many viewers are simulated at this instant, by stream."""
        for stream_id in tuple(self._asleep):
            self.find(stream_id)
        now_ms = self._clock.now_ms()
        for crowd in self._crowds.values():
            if not crowd.is_settled:
                crowd.fold(now_ms)
        return {stream_id: crowd.count for stream_id, crowd in self._crowds.items()}

    def live(self) -> list[str]:
        """The ids of all streams that have a crowd."""
        return [*self._crowds, *self._asleep]
