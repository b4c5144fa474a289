"""Causes: which events a piece of work caused, even if other work ran while it waited."""

from contextvars import ContextVar, Token

# For one piece of work; events that would need more ranges are not remembered.
_RANGES_MAX = 100

# The journal numbers of the first and the last of some consecutive events.
Range = tuple[int, int]


class Effects:
    """The events caused within one `collecting` block, as ranges in order.

    A task that the block started adds no events after the block has ended.
    """

    __slots__ = ("_is_over", "_token", "ranges")

    def __init__(self) -> None:
        self.ranges: list[Range] = []
        self._is_over = False

    def __enter__(self) -> "Effects":
        self._token: Token[Effects | None] = _effects.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _effects.reset(self._token)
        self._is_over = True

    def add(self, first: int, last: int) -> None:
        if self._is_over:
            return
        if self.ranges and self.ranges[-1][1] == first - 1:
            self.ranges[-1] = (self.ranges[-1][0], last)
        elif len(self.ranges) < _RANGES_MAX:
            self.ranges.append((first, last))


_effects: ContextVar[Effects | None] = ContextVar("effects", default=None)


def collecting() -> Effects:
    """Return a context manager that collects the events caused by its block, and only those."""
    return Effects()


def current() -> Effects | None:
    """The effects that the current work adds its events to; None if nobody collects them."""
    return _effects.get()


def note(first: int, last: int) -> None:
    """Record that the current work has just written the events `first` to `last`."""
    effects = _effects.get()
    if effects is not None:
        effects.add(first, last)
