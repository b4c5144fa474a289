"""CohortRegistry: the simulated viewers of a world's live streams, by stream id.

Cohorts live in memory and are rebuilt from their stored commands when needed. `ledger` records
their tallies.
"""

from typing import TYPE_CHECKING

from emulator.core.clock import Clock, Timer
from emulator.world.audience import commands
from emulator.world.store.journal import Store

if TYPE_CHECKING:
    from emulator.world.audience.cohort import Cohort


class CohortRegistry:
    """The cohorts of live streams, by stream id."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._cohorts: dict[str, Cohort] = {}
        # Timers of the cohorts that change without a command.
        self.timers: dict[str, Timer] = {}
        # Streams with stored commands whose cohort has not been rebuilt since the world was opened.
        self._asleep = commands.ordered(store)

    def find(self, stream_id: str, at_ms: int | None = None) -> "Cohort | None":
        """Return a stream's cohort, folded to `at_ms` or now; None if it never had one.

        A cohort that was already folded beyond `at_ms` is returned as it is.
        """
        cohort = self._cohorts.get(stream_id)
        if cohort is None:
            row = self._asleep.pop(stream_id, None)
            if row is None:
                return None
            cohort = self._cohorts[stream_id] = commands.cohort_of(self._store, stream_id, row)
        cohort.fold(self._clock.now_ms() if at_ms is None else at_ms)
        return cohort

    def latest(self, stream_id: str) -> "Cohort | None":
        """Return a stream's cohort as it was last folded (`counts` folds all of them)."""
        return self._cohorts.get(stream_id)

    def find_or_make(self, stream_id: str) -> "Cohort":
        from emulator.world.audience.cohort import Cohort

        cohort = self.find(stream_id)
        if cohort is None:
            cohort = self._cohorts[stream_id] = Cohort(stream_id)
        return cohort

    def forget(self, stream_id: str) -> None:
        """Drop the cohort of a stream that has ended."""
        self._cohorts.pop(stream_id, None)
        self._asleep.pop(stream_id, None)

    def make_again(self, stream_id: str, stream_pk: int) -> None:
        """Discard a cohort after a change that failed; it is rebuilt from its stored commands."""
        self._cohorts.pop(stream_id, None)
        if commands.count(self._store, stream_pk):
            self._asleep[stream_id] = stream_pk

    def count(self, stream_id: str) -> int:
        """Return the current number of a stream's simulated viewers."""
        if stream_id not in self._cohorts and stream_id not in self._asleep:
            return 0
        cohort = self.find(stream_id)
        return cohort.count if cohort else 0

    def counts(self) -> dict[str, int]:
        """Return the current numbers of simulated viewers, by stream id."""
        for stream_id in tuple(self._asleep):
            self.find(stream_id)
        now_ms = self._clock.now_ms()
        for cohort in self._cohorts.values():
            if not cohort.is_settled:
                cohort.fold(now_ms)
        return {stream_id: cohort.count for stream_id, cohort in self._cohorts.items()}

    def live(self) -> list[str]:
        """The ids of all streams that have a cohort."""
        return [*self._cohorts, *self._asleep]
