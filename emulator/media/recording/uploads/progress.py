"""JobProgress: how far a job in a thread has got, and whether it is still wanted."""

import threading
from collections.abc import Callable

from emulator.core.errors import Refused

Tell = Callable[[int, str], None]


class JobProgress:
    """One job's. `tell(percent, stage)` is called in the job's thread, once for each change."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._is_cancelled = threading.Event()
        self._reported: tuple[int, str] = (0, "")
        self._stage = ""
        self._from, self._to = 0, 100

    def cancel(self) -> None:
        """From any thread: the job ends at its next step."""
        self._is_cancelled.set()

    def begin(self, stage: str, first_percent: int, last_percent: int) -> None:
        """The next stage, and which part of the whole it is."""
        self._stage, self._from, self._to = stage, first_percent, last_percent
        self.step(0.0)

    def step(self, share: float) -> None:
        """So much of the stage (0 to 1) is done. Refuses (`unavailable`) to go on if cancelled."""
        if self._is_cancelled.is_set():
            raise Refused("unavailable", "It was cancelled.", reason="cancelled")
        share = min(max(share, 0.0), 1.0)
        # The caller gets 100 only when everything is done.
        percent = min(99, int(self._from + share * (self._to - self._from)))
        if (percent, self._stage) != self._reported:
            self._reported = (percent, self._stage)
            self._tell(percent, self._stage)
