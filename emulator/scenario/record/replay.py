"""Replay: plays an event log as it was: the same events at the same times, byte for byte.

The log plays in a world without people, streams or a server: its events are published again, and
they have no effects.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from emulator.core.events import Event
from emulator.scenario.actions.action import Action, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.errors import InputError, InvalidScenario
from emulator.scenario.language.happenings import kinds
from emulator.scenario.language.scenario import At, Place, Scenario, Step
from emulator.scenario.language.worlds import WorldPart

_KEYS = {"at", "kind", "seq", "values"}
_ERRORS_MAX = 20
# Instants are stored as a signed 64-bit number; no run is longer than a year.
_AT_MAX_MS = 366 * 86_400_000


class Replay(Action):
    """Publish the events of a log again, each at its time.

    Only `read` makes it; no file can name it.
    """

    name: ClassVar[str] = "replay"
    example: ClassVar[str] = ""

    # (instant after the start, kind of event, its values)
    log: list[tuple[int, Any, dict[str, Any]]]

    def run(self, context: RunContext) -> Ticks:
        world, began_ms = context.world, context.run.began_ms
        for at_ms, kind, values in self.log:
            # An event that the log has late, such as the end of an earlier stream, is published at
            # once.
            if began_ms + at_ms > world.now_ms:
                yield began_ms + at_ms - world.now_ms
            with world.change():
                world.emit(kind(at_ms=began_ms + at_ms, **values))


def read(text: str, file: str) -> Scenario:
    """Return a scenario that plays this log again.

    Refuses (`InvalidScenario`) what is not an event log.
    """
    errors: list[InputError] = []
    log = list(_events(text, file, errors))
    if errors:
        raise InvalidScenario(errors[:_ERRORS_MAX])
    step = Step(
        number=0,
        name="replay",
        place=Place(file, 1, 1),
        action=Replay.model_construct(log=log),
        trigger=At(0),
    )
    return Scenario(
        name=file,
        about=f"{len(log)} events, as they were.",
        file=file,
        seed=1,
        params={},
        values={},
        world=WorldPart(seed="none"),
        steps=(step,),
        expectations=(),
    )


def _events(
    text: str, file: str, errors: list[InputError]
) -> Iterator[tuple[int, type[Event], dict[str, Any]]]:
    known = {kind.__name__: kind for kind in kinds().values()}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield _event(line, number, known)
        except ValueError as error:
            errors.append(InputError(file, number, 1, "event-log", f"{error}."))


def _event(
    line: str, number: int, known: dict[str, type[Event]]
) -> tuple[int, type[Event], dict[str, Any]]:
    try:
        payload = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("This is not JSON") from None
    if not isinstance(payload, dict) or payload.keys() != _KEYS:
        raise ValueError("An event has at, kind, seq and values")
    at_ms, kind, values = payload["at"], known.get(str(payload["kind"])), payload["values"]
    if type(at_ms) is not int or abs(at_ms) > _AT_MAX_MS or payload["seq"] != number:
        raise ValueError("at is in milliseconds, and seq counts the lines")
    if kind is None:
        raise ValueError(f"There is no event {str(payload['kind'])[:60]}")
    names = set(kind.__struct_fields__) - {"at_ms"}
    if not isinstance(values, dict) or values.keys() != names:
        raise ValueError(f"{kind.__name__} has the values {', '.join(sorted(names))}")
    return at_ms, kind, values
