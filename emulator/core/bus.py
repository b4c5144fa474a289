"""Facts on their way up. `publish` calls each listener once, at once, and never waits.

A listener must return quickly (put it in a queue, set a flag); one that fails is logged and does
not keep the event from the others.
"""

import logging
from collections.abc import Callable

from emulator.core.events import Event

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class Bus:
    """One world's events, to whoever listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear every event from now on. Call what is returned to stop."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def publish(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # A listener's bug is its own: the fact stands and others hear it.
                log.exception("a listener failed event=%s", type(event).__name__)
