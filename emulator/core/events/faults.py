"""Events of injected faults: one was started, struck something, or stopped."""

from emulator.core.events import Event


class FaultStarted(Event, frozen=True, kw_only=True):
    """A fault was started, with its `values` as they are written.

    It strikes a `share` (0 to 1) of the calls or media that it matches, at most `times` times; 0 is
    without a limit.
    """

    fault_id: str
    kind: str
    values: dict[str, object]
    share: float
    times: int


class FaultStruck(Event, frozen=True, kw_only=True):
    """A fault struck once. `subject` says what, for people: a request, a stream's media."""

    fault_id: str
    kind: str
    subject: str


class FaultStopped(Event, frozen=True, kw_only=True):
    """A fault was stopped. `struck` is the number of times that it has struck."""

    fault_id: str
    kind: str
    struck: int
    reason: str
