"""Events of audiences."""

from emulator.core.events import Event


class ViewerJoined(Event, frozen=True, kw_only=True):
    """A real viewer began to watch. `viewers` is the number that watch now."""

    stream_id: str
    viewers: int


class ViewersLeft(Event, frozen=True, kw_only=True):
    """`count` real viewers left. `viewers` is the number that watch now."""

    stream_id: str
    count: int
    viewers: int


class ViewersSimulated(Event, frozen=True, kw_only=True):
    """`simulated` of the `viewers` from now on are made up. `before` is how many watched
    until now: another number where they were ordered to come or go at once.
    """

    stream_id: str
    simulated: int
    viewers: int
    before: int


class StreamRaided(Event, frozen=True, kw_only=True):
    """`viewers` viewers moved from the stream to `target_id`, where they arrive within `for_ms`."""

    stream_id: str
    target_id: str
    viewers: int
    for_ms: int
