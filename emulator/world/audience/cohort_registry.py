"""CohortRegistry: simulated viewers of a world's streams, made again from their orders if need be.

In memory, beside the store: what is in a crowd's tally is written down by `ledger`.
"""

from emulator.core.clock import Clock, Timer
from emulator.world.audience import orders
from emulator.world.audience.cohort import Cohort
from emulator.world.store.journal import Store


class CohortRegistry:
    """By the ids of their streams, which are live."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._cohorts: dict[str, Cohort] = {}
        # What wakes those in whom something will change by itself.
        self.timers: dict[str, Timer] = {}
        # Those whose orders nobody has looked at since this world was opened.
        self._asleep = orders.ordered(store)

    def find(self, stream_id: str, at_ms: int | None = None) -> Cohort | None:
        """A stream's crowd as it is now, or at `at_ms`; None where it never had one.

        One that was looked at later than `at_ms` stays as it was then.
        """
        cohort = self._cohorts.get(stream_id)
        if cohort is None:
            row = self._asleep.pop(stream_id, None)
            if row is None:
                return None
            cohort = self._cohorts[stream_id] = orders.cohort_of(self._store, stream_id, row)
        cohort.fold(self._clock.now_ms() if at_ms is None else at_ms)
        return cohort

    def latest(self, stream_id: str) -> Cohort | None:
        """A stream's crowd as it was when it was last looked at (`counts` looks at all)."""
        return self._cohorts.get(stream_id)

    def find_or_make(self, stream_id: str) -> Cohort:
        cohort = self.find(stream_id)
        if cohort is None:
            cohort = self._cohorts[stream_id] = Cohort(stream_id)
        return cohort

    def forget(self, stream_id: str) -> None:
        """The stream has ended."""
        self._cohorts.pop(stream_id, None)
        self._asleep.pop(stream_id, None)

    def make_again(self, stream_id: str, stream_pk: int) -> None:
        """What a stream's crowd was told or has written down did not become a fact."""
        self._cohorts.pop(stream_id, None)
        if orders.count(self._store, stream_pk):
            self._asleep[stream_id] = stream_pk

    def count(self, stream_id: str) -> int:
        """How many of a stream's viewers are simulated at this instant."""
        if stream_id not in self._cohorts and stream_id not in self._asleep:
            return 0
        cohort = self.find(stream_id)
        return cohort.count if cohort else 0

    def counts(self) -> dict[str, int]:
        """How many viewers are simulated at this instant, by stream."""
        for stream_id in tuple(self._asleep):
            self.find(stream_id)
        now_ms = self._clock.now_ms()
        for cohort in self._cohorts.values():
            if not cohort.is_settled:
                cohort.fold(now_ms)
        return {stream_id: cohort.count for stream_id, cohort in self._cohorts.items()}

    def live(self) -> list[str]:
        """The ids of all streams that have a crowd."""
        return [*self._cohorts, *self._asleep]
