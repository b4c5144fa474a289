"""What happens to a whole world. Published at once and journalled nowhere."""

from emulator.core.events import Event


class WorldReplaced(Event, frozen=True, kw_only=True):
    """Everything that was known of this world is void: it was reset, restored or dropped."""

    world: str


class ServerStopping(Event, frozen=True, kw_only=True):
    """The servers are about to stop: connected clients can still be told `reason`.

    `is_world_kept`: the facts stay on the disk, and the next process goes on with them.
    """

    reason: str
    is_world_kept: bool
