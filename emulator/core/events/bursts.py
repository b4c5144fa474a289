"""Bursts: many events of one kind and one instant, which cost little until each is read."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from emulator.core.events import Event


class Burst:
    """Consecutive events. `make` makes them at the first read, once for all subscribers.

    `bodies` are their values as the journal keeps them: canonical JSON.
    """

    def __init__(
        self,
        kind: type[Event],
        at_ms: int,
        bodies: Sequence[str],
        make: Callable[[], Iterable[Event]],
    ) -> None:
        self.kind = kind
        self.at_ms = at_ms
        self.bodies = bodies
        self._make = make
        self._events: tuple[Event, ...] | None = None

    def __len__(self) -> int:
        return len(self.bodies)

    def __iter__(self) -> Iterator[Event]:
        if self._events is None:
            self._events = tuple(self._make())
        return iter(self._events)
