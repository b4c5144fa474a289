"""Literals in arithmetic: numbers with their units."""

from typing import Literal, NamedTuple

from emulator.core import quantities

Unit = Literal["", "ms", "/s", "%", "bit/s"]


class Quantity(NamedTuple):
    """A number with its unit: milliseconds, per second, a share (1.0 is all), or none."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        """Return the text that `quantity` reads again; whole numbers have no point."""
        value = self.value * 100 if self.unit == "%" else self.value
        text = str(int(value)) if value == int(value) else f"{value:.9f}".rstrip("0")
        return text + self.unit


def quantity(text: str) -> Quantity:
    """Return the quantity that a literal stands for.

    Refuses (`ValueError`) a text that is not a literal.
    """
    try:
        if text.endswith("%"):
            return Quantity(quantities.share(text), "%")
        if "/" in text:
            return Quantity(quantities.per_second(text), "/s")
        if text and text[-1] in "dhms":
            return Quantity(quantities.duration_ms(text), "ms")
        return Quantity(quantities.number(text), "")
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a number, a duration, a rate or a share") from None
