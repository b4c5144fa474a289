"""Facts on their way up. `publish` calls each listener once, at once, and never waits.

A listener must return quickly (put it in a queue, set a flag); one that fails is logged and does
not keep the event from the others.
"""

import logging
from collections.abc import Callable
from typing import Any

from emulator.core.events import Event
from emulator.core.events.bursts import Burst

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]
BurstListener = Callable[[Burst], None]


class Bus:
    """One world's events, to its listeners."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Listener, BurstListener | None]] = []

    def subscribe(
        self, listener: Listener, burst: BurstListener | None = None
    ) -> Callable[[], None]:
        """Hear every event from now on. Call what is returned to stop.

        `burst` hears many events at once, where there are many; without it, `listener` hears each.
        """
        entry = (listener, burst)
        self._listeners.append(entry)

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return unsubscribe

    def publish(self, event: Event) -> None:
        for listener, _ in tuple(self._listeners):
            _call(listener, event)

    def publish_burst(self, burst: Burst) -> None:
        """Events one behind the other: each listener hears all of them in their order."""
        for listener, whole in tuple(self._listeners):
            if whole is ignore:
                continue
            if whole is not None:
                _call(whole, burst)
            else:
                for event in burst:
                    _call(listener, event)


def ignore(_: Burst) -> None:
    """For a listener to events of which there are never many at once."""


def _call(listener: Callable[[Any], None], fact: Event | Burst) -> None:
    try:
        listener(fact)
    except Exception:  # A listener's bug is its own: the fact stands and others hear it.
        kind = type(fact) if isinstance(fact, Event) else fact.kind
        log.exception("a listener failed event=%s", kind.__name__)
