"""Fault: one thing that goes wrong on purpose. A value; its effect is up to the caller."""

from functools import cache
from typing import ClassVar, get_type_hints

from msgspec import Struct

from emulator.world.faults.values import Value


class Fault(Struct, frozen=True, kw_only=True):
    """`match_on` names the fields that say what it strikes; an empty one strikes everybody."""

    kind: ClassVar[str]
    match_on: ClassVar[tuple[str, ...]] = ()

    def meets(self, facts: dict[str, str]) -> bool:
        """Whether what is at hand is what this fault strikes."""
        return all(
            wanted in ("", facts.get(name, ""))
            for name in self.match_on
            if isinstance(wanted := getattr(self, name), str)
        )

    @property
    def times_usual(self) -> int:
        """How often it strikes where nothing is said; 0 is without end."""
        return 0

    def values(self) -> dict[str, object]:
        """As it is written, without what it leaves open."""
        return {
            value.written: _written(name, getattr(self, name))
            for name, value in values_of(type(self)).items()
            if getattr(self, name) not in ("", None)
        }


@cache
def values_of(kind: type[Fault]) -> dict[str, Value]:
    """What can be said of such a fault, by the names of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name].__metadata__[0] for name in kind.__struct_fields__}


def _written(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return [step.written for step in value]
    if name.endswith("_ms") and isinstance(value, int):
        return f"{value / 1000:g}s"
    return value


def contains(wanted: str, *names: str) -> bool:
    """Whether any of the texts holds the wanted one."""
    return not wanted or any(wanted in name for name in names)
