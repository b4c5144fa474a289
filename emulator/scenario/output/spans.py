"""Spans: the time spans of stream states and of faults. Bounded."""

from msgspec import Struct
from msgspec.structs import asdict

SPANS_MAX = 1_000


class Span(Struct):
    """One span of time; `to_ms` is None while it goes on. Times count from the run's start."""

    name: str
    kind: str
    from_ms: int
    to_ms: int | None = None


class Spans:
    """The spans of a run. Each key has one open span at a time."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._open: dict[str, Span] = {}

    def begin(self, key: str, name: str, kind: str, at_ms: int) -> None:
        """Begin a span now, and end the open span of this key."""
        self.end(key, at_ms)
        if len(self._spans) < SPANS_MAX:
            self._open[key] = Span(name, kind, at_ms)
            self._spans.append(self._open[key])

    def end(self, key: str, at_ms: int) -> None:
        span = self._open.pop(key, None)
        if span is not None:
            span.to_ms = at_ms

    def payload(self, end_ms: int) -> list[dict[str, object]]:
        """Return all spans; an open span ends with the run."""
        return [
            asdict(span) | {"to_ms": end_ms if span.to_ms is None else span.to_ms}
            for span in self._spans
        ]
