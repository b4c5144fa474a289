"""What happens to a whole world. Heard at once and journalled nowhere: the journal goes with it."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldReplaced(Event):
    """Everything that was known of this world is void: it was reset, restored or dropped."""

    world: str
