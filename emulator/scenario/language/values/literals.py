"""Literals inside arithmetic: a number with the unit that it was written in."""

from typing import Literal, NamedTuple

from emulator.core import quantities

Unit = Literal["", "ms", "/s", "%", "bit/s"]


class Quantity(NamedTuple):
    """A number with its unit, for arithmetic: milliseconds, per second, or a share of one."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        """As `quantity` reads it again, whole numbers without a point."""
        value = self.value * 100 if self.unit == "%" else self.value
        text = str(int(value)) if value == int(value) else f"{value:.9f}".rstrip("0")
        return text + self.unit


def quantity(text: str) -> Quantity:
    """The literal that is written. Refuses (`ValueError`) what is none."""
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
