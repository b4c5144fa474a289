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
    """`simulated` of the `viewers` who watch from now on are made up."""

    stream_id: str
    simulated: int
    viewers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRaided(Event):
    """`viewers` viewers went from the stream over to `target_id`."""

    stream_id: str
    target_id: str
    viewers: int
