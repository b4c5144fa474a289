"""Facts of the run itself: events, steps, requests to the server, webhooks, the time of day."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.core.errors import Refused
from emulator.scenario.engine.run import Run
from emulator.scenario.facts.fact import Fact, Noun, counted
from emulator.scenario.language import happenings


def _events(run: Run, name: str) -> int:
    return run.counts.get(f"event/{happenings.kinds()[name].__name__}", 0)


def count_key(event: str, where: Mapping[str, Any]) -> str:
    """Return the key under which the run counts the events that meet a filter."""
    wanted = json.dumps(where, sort_keys=True, default=str)
    return f"event/{happenings.kinds()[event].__name__} {wanted}"


def _some_events(run: Run, name: str, where: Mapping[str, Any]) -> int:
    return run.counts.get(count_key(name, where), 0)


def _turns(run: Run, name: str) -> int:
    return run.counts.get(f"turns/{name}", 0)


def _requests(run: Run, _: str) -> Iterable[Mapping[str, Any]]:
    if run.server.requests is None:
        raise Refused("unavailable", "This run has no server that counts requests.")
    return run.server.requests()


def _deliveries(run: Run, _: str) -> Iterable[Mapping[str, Any]]:
    return [
        dict(row)
        for row in run.world.store.rows(
            "SELECT d.kind AS event, d.state, d.status, d.attempts, t.url"
            " FROM webhook_deliveries d JOIN webhook_targets t ON t.row = d.target_row"
            " WHERE d.created_at_ms >= ?",
            run.began_ms,
        )
    ]


def _targets(run: Run, _: str) -> Iterable[Mapping[str, Any]]:
    return [dict(row) for row in run.world.store.rows("SELECT url FROM webhook_targets")]


def _now(run: Run) -> datetime:
    return datetime.fromtimestamp(run.world.now_ms / 1000, UTC)


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _saved(run: Run, name: str) -> Any:
    return run.saved.get(name)


EVENTS = Noun(
    "event",
    {"count": Fact("number", "how often this event happened", _events, count=_some_events)},
)
STEP = Noun("step", {"turns": Fact("number", "how often this step began", _turns)})
REQUESTS = Noun(
    "none",
    {
        "count": counted(
            "requests to this world's API since the run began, of the newest that the server keeps",
            ("method", "path", "operation", "status", "user", "from"),
            _requests,
        )
    },
)
WEBHOOKS = Noun(
    "none",
    {
        "deliveries": counted(
            "webhook deliveries since the run began",
            ("event", "url", "state", "status", "attempts"),
            _deliveries,
        ),
        "targets": counted("addresses to which webhooks are sent", ("url",), _targets),
    },
)
SAVED = Noun(
    "saved", {"value": Fact("any", "the value that http.request saved under this name", _saved)}
)
RUN = Noun(
    "none",
    {
        "refused": Fact(
            "number",
            "steps that the platform refused",
            lambda run, _: run.counts.get("steps.refused", 0),
        ),
        "date": Fact("text", "the world's date, UTC", lambda e, _: f"{_now(e):%Y-%m-%d}"),
        "time": Fact("text", "the world's time of day, UTC", lambda e, _: f"{_now(e):%H:%M:%S}"),
        "weekday": Fact(
            "text", "the world's day of the week", lambda e, _: DAYS[_now(e).weekday()], DAYS
        ),
    },
)
NOUNS = {
    "events": EVENTS,
    "saved": SAVED,
    "step": STEP,
    "requests": REQUESTS,
    "webhooks": WEBHOOKS,
    "run": RUN,
}
