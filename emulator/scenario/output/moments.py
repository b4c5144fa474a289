"""Moments: the events that a run's report shows: a bounded number, with all around each miss."""

import json
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.scenario.engine.run import UUID

# The first events of each kind are kept, and this many of any kind right before and after a miss.
KIND_MAX = 12
AROUND = 8
MOMENTS_MAX = 2_000
_TEXT_MAX = 200
_VALUE_MAX = 80


class Moment(Struct, frozen=True):
    """One event, or a burst of `events` of them. `number` is its position in the run."""

    number: int
    fact: Event | Burst
    events: int

    def payload(self, began_ms: int, names: Mapping[str, str]) -> dict[str, Any]:
        fact = self.fact
        kind = fact.kind if isinstance(fact, Burst) else type(fact)
        return {
            "at_ms": fact.at_ms - began_ms,
            "kind": kind.__name__,
            "count": self.events,
            "text": self._text(names),
        }

    def _text(self, names: Mapping[str, str]) -> str:
        """Return its values in one line, with the scenario's names in place of ids."""
        fact = self.fact
        values = json.loads(fact.bodies[0]) if isinstance(fact, Burst) else structs.asdict(fact)
        parts = [
            f"{key.removesuffix('_id')} {_shown(value, names)}"
            for key, value in values.items()
            if key != "at_ms" and value not in (None, "", (), [], {})
            # An id without a name in the scenario tells a reader nothing.
            if not (isinstance(value, str) and value not in names and UUID.fullmatch(value))
        ]
        text = ", ".join(parts)
        return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"


class Moments:
    """Collects the events that the report shows.

    The bus calls `take` and `take_burst`; `keep_around` is called at an instant of interest.
    """

    # A run of a day has a million events, so each of them must cost little here.

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._last: deque[Moment] = deque(maxlen=AROUND)
        self._number = 0
        self._counts: Counter[type[Event]] = Counter()
        self._still_wanted = 0

    def take(self, event: Event) -> None:
        self._take(type(event), event, 1)

    def take_burst(self, burst: Burst) -> None:
        self._take(burst.kind, burst, len(burst))

    def keep_around(self) -> None:
        """Show the events just before and after now, whatever their kinds."""
        self._moments += list(self._last)[: max(0, MOMENTS_MAX - len(self._moments))]
        self._last.clear()
        self._still_wanted = AROUND

    def payload(self, began_ms: int, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the shown events in their order, and the number of the others."""
        shown = sorted(self._moments, key=lambda moment: moment.number)
        return {
            "shown": [moment.payload(began_ms, names) for moment in shown],
            "left_out": self._number - sum(moment.events for moment in shown),
        }

    def _take(self, kind: type[Event], fact: Event | Burst, count: int) -> None:
        self._number += count
        moment = Moment(self._number, fact, count)
        self._counts[kind] += 1
        is_wanted = self._still_wanted > 0 or self._counts[kind] <= KIND_MAX
        if is_wanted and len(self._moments) < MOMENTS_MAX:
            self._still_wanted = max(0, self._still_wanted - 1)
            self._moments.append(moment)
        else:
            self._last.append(moment)


def _shown(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        text = names.get(value, value)
    elif isinstance(value, int | float):
        text = str(value)
    else:
        text = json.dumps(value, default=str)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"
