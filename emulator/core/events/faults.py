"""What is broken on purpose: when it began, whom it struck, and when it was over."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStarted(Event):
    """`values` are the fault's own, as they are written. It strikes a `share` of what it meets, at
    most `times` times; 0 is without end.
    """

    fault_id: str
    kind: str
    values: dict[str, object]
    share: float
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStruck(Event):
    """One effect. `subject` is what was struck, for people: a request, a stream's media."""

    fault_id: str
    kind: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStopped(Event):
    """`struck` is how often it struck."""

    fault_id: str
    kind: str
    struck: int
    reason: str
