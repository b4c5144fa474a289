"""`fault.*`: break something on purpose, and repair it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.errors import meant
from emulator.scenario.language.values.kinds import StreamRef, UserRef
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.names import unknown_name
from emulator.world.faults.reading import read, schema

# Values that refer to names in the scenario.
_REFS: dict[str, TypeAdapter[Any]] = {
    "stream": TypeAdapter(StreamRef),
    "user": TypeAdapter(UserRef),
}
# A placeholder for a reference, which may be no text (`{owner: ada}`) and is checked elsewhere.
_SOMEBODY = "somebody"


class FaultStart(Action):
    """Start a fault: one kind with its values; also `share`, `times`, `skip` and `for`."""

    name: ClassVar[str] = "fault.start"
    example: ClassVar[str] = "fault.start: {media.stall: {stream: launch}, for: 4s}"

    fault: dict[str, Any]
    stream: StreamRef | None = None
    user: UserRef | None = None

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            return {"fault": {plain: {}} if isinstance(plain, str) else plain}
        refs = {
            name: value
            for values in plain.values()
            if isinstance(values, Mapping)
            for name, value in values.items()
            if name in _REFS
        }
        return {"fault": dict(plain), **refs}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        values = schema()
        for kind in values["properties"].values():
            own = kind.get("properties", {})
            own |= {name: _REFS[name].json_schema() for name in own if name in _REFS}
        # A kind alone is a short form for one without values.
        alone = {"type": "string", "enum": list(KINDS)}
        return {"if": {"type": "object"}, "then": values, "else": alone}

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        try:
            read(self._written(dict.fromkeys(_REFS, _SOMEBODY)))
        except Refused as refused:
            yield (), "fault", refused.message

    def unknown_names(self, operations: Callable[[], Collection[str]]) -> Iterator[str]:
        request = read(self._written(dict.fromkeys(_REFS, _SOMEBODY)))
        if message := unknown_name(request.fault, operations):
            yield message

    def run(self, context: RunContext) -> None:
        named: dict[str, str] = {}
        if self.stream is not None:
            named["stream"] = context.stream(self.stream).id
        if self.user is not None:
            named["user"] = context.user(self.user).username
        context.world.faults.start(read(self._written(named)))

    def _written(self, named: Mapping[str, str]) -> dict[str, Any]:
        """The fault as it is written, with its references resolved."""
        return {
            kind: {name: named.get(name, value) for name, value in values.items()}
            if isinstance(values, Mapping)
            else values
            for kind, values in self.fault.items()
        }


class FaultStop(Action):
    """Stop all faults of one kind."""

    name: ClassVar[str] = "fault.stop"
    example: ClassVar[str] = "fault.stop: media.stall"
    shorthand: ClassVar[str] = "kind"

    kind: str

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        if self.kind not in KINDS:
            yield ("kind",), "fault", f"There is no fault {self.kind[:50]}{meant(self.kind, KINDS)}"

    def run(self, context: RunContext) -> None:
        context.world.faults.stop_kind(self.kind)


class FaultClear(Action):
    """Stop all faults."""

    name: ClassVar[str] = "fault.clear"
    example: ClassVar[str] = "fault.clear: {}"

    def run(self, context: RunContext) -> None:
        context.world.faults.clear()
