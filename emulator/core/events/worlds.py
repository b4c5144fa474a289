"""What happens to a whole world. Heard at once and journalled nowhere: the journal goes with it."""

from dataclasses import dataclass

from emulator.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldReplaced(Event):
    """Everything that was known of this world is void: it was reset, restored or dropped."""

    world: str
