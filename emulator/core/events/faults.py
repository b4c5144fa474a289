"""Events of faults: when one began, what it struck, and when it was over."""

from emulator.core.events import Event


class FaultStarted(Event, frozen=True, kw_only=True):
    """`values` are the fault's own, as they are written. It strikes a `share` of what it meets, at
    most `times` times; 0 is without end.
    """

    fault_id: str
    kind: str
    values: dict[str, object]
    share: float
    times: int


class FaultStruck(Event, frozen=True, kw_only=True):
    """One effect. `subject` is what was struck, for people: a request, a stream's media."""

    fault_id: str
    kind: str
    subject: str


class FaultStopped(Event, frozen=True, kw_only=True):
    """`struck` is how often it struck."""

    fault_id: str
    kind: str
    struck: int
    reason: str
