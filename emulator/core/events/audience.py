"""What happens to audiences."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerJoined(Event):
    """A real viewer began to watch. `viewers` is how many watch from then on."""

    stream_id: str
    viewers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewersLeft(Event):
    """`count` real viewers are gone. `viewers` is how many watch from then on."""

    stream_id: str
    count: int
    viewers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewersSimulated(Event):
    """`simulated` of the `viewers` who watch from now on are made up. `before` is how many watched
    until now: another number where they were ordered to come or go at once.
    """

    stream_id: str
    simulated: int
    viewers: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRaided(Event):
    """`viewers` viewers go from the stream over to `target_id`, where they come within `for_ms`."""

    stream_id: str
    target_id: str
    viewers: int
    for_ms: int
