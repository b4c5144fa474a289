"""Fault: one thing that goes wrong on purpose. Only a value; the struck code makes its effect."""

from functools import cache
from typing import TYPE_CHECKING, ClassVar, get_type_hints

from msgspec import Struct

if TYPE_CHECKING:
    from emulator.world.faults.values import Value


class Fault(Struct, frozen=True, kw_only=True):
    """A fault. `match_on` names the fields that say what it strikes; an empty field matches all."""

    kind: ClassVar[str]
    match_on: ClassVar[tuple[str, ...]] = ()

    def meets(self, facts: dict[str, str]) -> bool:
        """Whether the fault applies to something with these properties."""
        return all(
            wanted in ("", facts.get(name, ""))
            for name in self.match_on
            if isinstance(wanted := getattr(self, name), str)
        )

    @property
    def times_usual(self) -> int:
        """The default limit of its strikes; 0 means without limit."""
        return 0

    def values(self) -> dict[str, object]:
        """Return the values by their written names, without those left empty."""
        return {
            value.written: _written(name, getattr(self, name))
            for name, value in values_of(type(self)).items()
            if getattr(self, name) not in ("", None)
        }


@cache
def values_of(kind: type[Fault]) -> "dict[str, Value]":
    """Return the values that such a fault can have, by the names of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name].__metadata__[0] for name in kind.__struct_fields__}


def _written(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return [step.written for step in value]
    if name.endswith("_ms") and isinstance(value, int):
        return f"{value / 1000:g}s"
    return value


def contains(wanted: str, *names: str) -> bool:
    """Whether any of the texts contains `wanted`; an empty one is contained in all."""
    return not wanted or any(wanted in name for name in names)
