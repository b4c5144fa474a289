"""Moments: the events of a run that its report shows: bounded, and whole around what was missed."""

import json
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from emulator.core.events import Event
from emulator.core.events.bursts import Burst

# Of each kind the first are kept; and so many right before and behind a miss, of whatever kind.
KIND_MAX = 40
AROUND = 8
MOMENTS_MAX = 2_000
_TEXT_MAX = 200
_VALUE_MAX = 80


class Moment(Struct, frozen=True):
    """One event, or a burst of `count` events. `number` is its place among all of the run's."""

    number: int
    at_ms: int
    fact: Event | Burst
    count: int

    @property
    def kind(self) -> str:
        fact = self.fact
        return (fact.kind if isinstance(fact, Burst) else type(fact)).__name__

    def text(self, names: Mapping[str, str]) -> str:
        """Its values in a line; ids that the scenario has a name for by that name."""
        fact = self.fact
        values = json.loads(fact.bodies[0]) if isinstance(fact, Burst) else structs.asdict(fact)
        parts = [
            f"{key.removesuffix('_id')} {_shown(value, names)}"
            for key, value in values.items()
            if key != "at_ms" and value not in (None, "", (), [], {})
        ]
        text = ", ".join(parts)
        return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"


class Moments:
    """`take` is for the bus's events, `keep_around` for an instant that somebody will ask about."""

    def __init__(self) -> None:
        self.left_out = 0
        self._moments: list[Moment] = []
        self._last: deque[Moment] = deque(maxlen=AROUND)
        self._number = 0
        self._counts: Counter[str] = Counter()
        self._still_wanted = 0

    def take(self, fact: Event | Burst, at_ms: int) -> None:
        count = len(fact) if isinstance(fact, Burst) else 1
        self._number += count
        moment = Moment(self._number, at_ms, fact, count)
        kind = moment.kind
        self._counts[kind] += 1
        is_wanted = self._still_wanted > 0 or self._counts[kind] <= KIND_MAX
        if is_wanted and len(self._moments) < MOMENTS_MAX:
            self._still_wanted = max(0, self._still_wanted - 1)
            self._moments.append(moment)
            return
        if len(self._last) == AROUND:
            self.left_out += self._last[0].count
        self._last.append(moment)

    def keep_around(self) -> None:
        """What has just happened, and what happens next, is shown whatever its kind."""
        room = max(0, MOMENTS_MAX - len(self._moments))
        self._moments += list(self._last)[:room]
        self.left_out += sum(moment.count for moment in list(self._last)[room:])
        self._last.clear()
        self._still_wanted = AROUND

    def payload(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Those that are shown, in their order, and how many there are beside them."""
        shown = sorted(self._moments, key=lambda moment: moment.number)
        return {
            "shown": [
                {
                    "at_ms": moment.at_ms,
                    "kind": moment.kind,
                    "count": moment.count,
                    "text": moment.text(names),
                }
                for moment in shown
            ],
            "left_out": self.left_out + sum(moment.count for moment in self._last),
        }


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
