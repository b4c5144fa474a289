"""Events of a whole world. Heard at once and journalled nowhere: the journal goes with it."""

from emulator.core.events import Event


class WorldReplaced(Event, frozen=True, kw_only=True):
    """Everything that was known of this world is void: it was reset, restored or dropped."""

    world: str
