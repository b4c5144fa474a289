"""JobProgress: the progress of a job in a thread, and its cancellation."""

import threading
from collections.abc import Callable

from emulator.core.errors import Refused

Tell = Callable[[int, str], None]


class JobProgress:
    """The progress of one job.

    `tell(percent, stage)` is called in the job's thread, once for each change.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._is_cancelled = threading.Event()
        self._reported: tuple[int, str] = (0, "")
        self._stage = ""
        self._from, self._to = 0, 100

    def cancel(self) -> None:
        """Cancel the job at its next step. May be called from any thread."""
        self._is_cancelled.set()

    def begin(self, stage: str, first_percent: int, last_percent: int) -> None:
        """Begin the next stage, which covers this range of the whole job."""
        self._stage, self._from, self._to = stage, first_percent, last_percent
        self.step(0.0)

    def step(self, share: float) -> None:
        """Report the completed share of the stage (0 to 1).

        Refuses (`unavailable`) if cancelled.
        """
        if self._is_cancelled.is_set():
            raise Refused("unavailable", "The job was cancelled.", reason="cancelled")
        share = min(max(share, 0.0), 1.0)
        # Only the caller reports 100, when everything is done.
        percent = min(99, int(self._from + share * (self._to - self._from)))
        if (percent, self._stage) != self._reported:
            self._reported = (percent, self._stage)
            self._tell(percent, self._stage)
