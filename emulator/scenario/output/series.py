"""Series: a curve with a bounded number of points: its intervals grow as the run goes on."""

from typing import Literal

POINTS_MAX = 600


class Series:
    """A curve over time. Several values in one interval become their sum or maximum, by `kind`."""

    def __init__(self, kind: Literal["sum", "max"]) -> None:
        self.interval_ms = 1_000
        self._kind = kind
        self._values: list[float] = []
        self._last = 0.0

    @property
    def values(self) -> list[float]:
        return list(self._values)

    def add(self, at_ms: int, value: float) -> None:
        """Add a value of an instant; a value of `max` lasts until the next one."""
        while (index := max(0, at_ms) // self.interval_ms) >= POINTS_MAX:
            self._halve()
        values = self._values
        gap = index + 1 - len(values)
        if gap > 0:
            values.extend([self._last if self._kind == "max" else 0.0] * gap)
        values[index] = values[index] + value if self._kind == "sum" else max(values[index], value)
        self._last = value

    def _halve(self) -> None:
        values = self._values
        pairs = [values[number : number + 2] for number in range(0, len(values), 2)]
        self._values = [sum(pair) if self._kind == "sum" else max(pair) for pair in pairs]
        self.interval_ms *= 2
