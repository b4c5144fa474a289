"""Bus: hands each event to the handlers that subscribed to its type, at once and in order.

A handler must return quickly (put the event in a queue, set a flag). If one raises, the exception
is logged and the other handlers still get the event.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from emulator.core.events import Event
from emulator.core.events.bursts import Burst

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]
# The handler for each type of event. A type also stands for its subclasses; the nearest type wins.
# A handler of a `Burst` type gets the burst as a whole; without one, each event of the burst is
# handled by itself.
Handlers = Mapping[type[Event] | type[Burst], Handler]


class Bus:
    """Delivers one world's events to its subscribers, in the order in which they subscribed."""

    def __init__(self) -> None:
        # Called before the first event is published or anybody subscribes.
        self.before_use: Callable[[], None] = _nothing
        self._subscribers: list[Handlers] = []
        # The handlers of each type, looked up when the first event of that type is published.
        self._of_event: dict[type[Event], tuple[Handler, ...]] = {}
        self._of_burst: dict[tuple[type[Burst], type[Event]], tuple[Handler, ...]] = {}

    def subscribe(self, handlers: Handlers) -> Callable[[], None]:
        """Handle events from now on. Returns a function that ends the subscription."""
        self._begin()
        own = dict(handlers)
        self._change([*self._subscribers, own])

        def unsubscribe() -> None:
            self._change([other for other in self._subscribers if other is not own])

        return unsubscribe

    def publish(self, event: Event) -> None:
        kind = type(event)
        handlers = self._of_event.get(kind)
        if handlers is None:
            self._begin()
            nearest = (_nearest(handlers, kind) for handlers in self._subscribers)
            handlers = self._of_event[kind] = tuple(handler for handler in nearest if handler)
        _call(handlers, event, kind)

    def publish_burst(self, burst: Burst) -> None:
        """Publish consecutive events: a subscriber handles all of them before the next one does."""
        key = (type(burst), burst.kind)
        handlers = self._of_burst.get(key)
        if handlers is None:
            self._begin()
            nearest = (_for_burst(handlers, *key) for handlers in self._subscribers)
            handlers = self._of_burst[key] = tuple(handler for handler in nearest if handler)
        _call(handlers, burst, burst.kind)

    def _begin(self) -> None:
        act, self.before_use = self.before_use, _nothing
        act()

    def _change(self, subscribers: list[Handlers]) -> None:
        self._subscribers = subscribers
        self._of_event.clear()
        self._of_burst.clear()


def _nothing() -> None:
    pass


def _nearest(handlers: Handlers, kind: type[Event] | type[Burst]) -> Handler | None:
    return next((handlers[base] for base in kind.__mro__ if base in handlers), None)


def _for_burst(handlers: Handlers, burst: type[Burst], kind: type[Event]) -> Handler | None:
    whole = _nearest(handlers, burst)
    single = None if whole else _nearest(handlers, kind)
    return _for_each(single, kind) if single else whole


def _for_each(handler: Handler, kind: type[Event]) -> Handler:
    handlers = (handler,)

    def handle(burst: Burst) -> None:
        for event in burst:
            _call(handlers, event, kind)

    return handle


def _call(handlers: tuple[Handler, ...], fact: Event | Burst, kind: type[Event]) -> None:
    for handler in handlers:
        try:
            handler(fact)
        except Exception:  # One subscriber's bug must not keep the event from the others.
            log.exception("an event's handler failed event=%s", kind.__name__)
