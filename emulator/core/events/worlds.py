"""Events of a whole world. They are published at once and never written to its journal."""

from emulator.core.events import Event


class WorldReplaced(Event, frozen=True, kw_only=True):
    """A world's state was replaced or removed: it was reset, restored or dropped."""

    world: str


class ServerStopping(Event, frozen=True, kw_only=True):
    """The servers are about to stop; connected clients can still be sent `reason`.

    `is_world_kept`: the world's state stays on the disk, and the next process continues with it.
    """

    reason: str
    is_world_kept: bool
