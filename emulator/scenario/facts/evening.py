"""Facts of the run itself: how often an event happened, what was saved, what was refused."""

from typing import Any

from emulator.scenario.facts.fact import Fact, Noun
from emulator.scenario.language import happenings
from emulator.scenario.stage import Evening


def _events(evening: Evening, name: str) -> int:
    return evening.counts.get(f"event/{happenings.kinds()[name].__name__}", 0)


def _saved(evening: Evening, name: str) -> Any:
    return evening.saved.get(name)


EVENTS = Noun("event", {"count": Fact("number", "how often this event happened", _events)})
SAVED = Noun("saved", {"value": Fact("any", "what http.request saved under a name", _saved)})
RUN = Noun(
    "none",
    {
        "refused": Fact(
            "number",
            "steps that the platform refused",
            lambda evening, _: evening.counts.get("steps.refused", 0),
        ),
    },
)
NOUNS = {"events": EVENTS, "saved": SAVED, "run": RUN}
