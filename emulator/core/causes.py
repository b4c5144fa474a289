"""Causes: which events a piece of work caused, though it waits in between and others go on."""

from contextvars import ContextVar, Token

# Of one piece of work; what it causes beyond that is not remembered.
_RANGES_MAX = 100

# The first and the last number in the journal of events that follow one another.
Range = tuple[int, int]


class Effects:
    """The events that were caused within one `collecting`, as ranges in their order.

    A task that was started within it and goes on behind it adds nothing more.
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
    """`with` it, collect the events that the block causes, whatever else goes on while it waits."""
    return Effects()


def current() -> Effects | None:
    """Where the events of the work of this moment are collected; None where nobody does."""
    return _effects.get()


def note(first: int, last: int) -> None:
    """Say that the events `first` to `last` have just been written to the journal."""
    effects = _effects.get()
    if effects is not None:
        effects.add(first, last)
