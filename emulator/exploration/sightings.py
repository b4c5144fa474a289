"""Sightings: what happened in the worlds of a run: strikes, possible strikes, events, requests.

Also how a command that starts its own emulators gets the plan and reports back: by two environment
variables.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct, convert

# The pytest plugin reads the plan from the first file, and writes sightings to the second.
PLAN_VARIABLE = "LIVE_EMULATOR_PLAN"
USES_VARIABLE = "LIVE_EMULATOR_USES"


class Use(Struct, frozen=True):
    """The number of times that faults of a kind could have struck an operation, file or webhook."""

    kind: str
    method: str
    operation: str
    what: str
    event: str
    count: int


class Seen(Struct):
    """The sightings of one or several worlds. `struck` has a number for each fault of the plan."""

    struck: list[int]
    requests: list[str]
    uses: list[Use]
    events: dict[str, int]


class Elsewhere:
    """Hands a plan to emulators that a command starts itself, as the pytest plugin does."""

    def __init__(self, folder: Path, plan: Sequence[Mapping[str, Any]]) -> None:
        self._plan, self._uses = folder / "plan.json", folder / "uses.jsonl"
        self._plan.write_text(json.dumps(plan), "utf-8")
        self._uses.touch()

    @property
    def environment(self) -> dict[str, str]:
        return {PLAN_VARIABLE: str(self._plan), USES_VARIABLE: str(self._uses)}

    def seen(self) -> list[Seen]:
        """The sightings of their worlds so far."""
        lines = self._uses.read_text("utf-8").split("\n")
        return [convert(json.loads(line), Seen) for line in lines if line]


@contextmanager
def elsewhere(plan: Sequence[Mapping[str, Any]]) -> Iterator[Elsewhere]:
    with TemporaryDirectory(prefix="live-emulator-") as folder:
        yield Elsewhere(Path(folder), plan)


def total(seen: Sequence[Seen], faults: int) -> Seen:
    """The sightings of a run's worlds together. The plan begins again in each of them.

    The requests are those of the first world with a struck fault. Uses and events are those of the
    world that has most of them, since `skip` and `nth` of a plan count within one world.
    """
    struck = [sum(one.struck[number] for one in seen) for number in range(faults)]
    marked = [one.requests for one in seen if any(one.struck)]
    marked += [one.requests for one in seen if one.requests]
    counts: Counter[Use] = Counter()
    events: Counter[str] = Counter()
    for one in seen:
        counts |= Counter(
            {Use(u.kind, u.method, u.operation, u.what, u.event, 0): u.count for u in one.uses}
        )
        events |= Counter(one.events)
    uses = [
        Use(key.kind, key.method, key.operation, key.what, key.event, count)
        for key, count in counts.items()
    ]
    return Seen(struck, marked[0] if marked else [], uses, dict(events))
