"""Explain: a run as a table of absolute times, without playing it. Pure."""

import textwrap
from datetime import UTC, datetime
from typing import Any, get_args

from pydantic import BaseModel

from emulator.core.quantities import duration_text
from emulator.scenario.engine.schedule import Planned, plan
from emulator.scenario.facts import registry as facts
from emulator.scenario.language.scenario import At, Holds, On, Scenario, Step

_LONG = 10**15


def table(scenario: Scenario) -> list[str]:
    """Return lines for people: the world, the steps with their times, and the expectations."""
    names = [scenario.name, *_about(scenario.about), *_world(scenario), ""]
    rows = sorted(plan(scenario), key=lambda planned: (_order(planned), planned.step.number))
    cells = [_row(row, scenario) for row in rows]
    widths = [max((len(row[at]) for row in cells), default=0) for at in range(3)]
    for row in cells:
        start, length, name, what = row
        names.append(
            f"{start:>{widths[0]}}  {length:>{widths[1]}}  {name:<{widths[2]}}  {what}".rstrip()
        )
    off = [step.name for step in scenario.steps if step.is_off]
    if off:
        names += ["", f"switched off: {', '.join(off)}"]
    for holds in get_args(Holds):
        expectations = [
            expectation for expectation in scenario.expectations if expectation.holds == holds
        ]
        if expectations:
            names += ["", f"{holds}:"]
            names += [
                f"  {expectation.path}: {_condition(expectation)}" for expectation in expectations
            ]
    return names


def _about(about: str) -> list[str]:
    return textwrap.wrap(about, 96) if about else []


def _world(scenario: Scenario) -> list[str]:
    parts = []
    if scenario.begins_ms is not None:
        begins = datetime.fromtimestamp(scenario.begins_ms / 1000, UTC)
        parts.append(f"begins {begins:%A, %Y-%m-%d %H:%M} UTC")
    if scenario.values:
        text = ", ".join(f"{name}={value}" for name, value in scenario.values.items())
        parts.append(f"with {text}, seed {scenario.seed}")
    if scenario.world.streams:
        text = ", ".join(
            f"{stream.name} ({stream.owner or 'existing'})" for stream in scenario.world.streams
        )
        parts.append(f"streams: {text}")
    return ["", *parts] if parts else []


def _order(planned: Planned) -> int:
    return _LONG if planned.starts_ms is None else planned.starts_ms


def _row(planned: Planned, scenario: Scenario) -> tuple[str, str, str, str]:
    step = planned.step
    start = "" if planned.starts_ms is None else duration_text(planned.starts_ms)
    if isinstance(step.trigger, On):
        wanted = ", ".join(f"{key} {value}" for key, value in step.trigger.filter.items())
        start = f"on {step.trigger.event}" + (f" ({wanted})" if wanted else "")
    elif planned.starts_ms is None:
        before = None if isinstance(step.trigger, At) else step.trigger.step
        name = "" if before is None else scenario.steps[before].name
        start = f"after {name}"
    length = duration_text(step.for_ms) if step.for_ms is not None else ""
    return start, length, step.name, _what(step)


def _what(step: Step) -> str:
    text = f"{step.action.name}: {_arguments(step)}"
    if step.every_ms:
        text += f", every {duration_text(step.every_ms)}"
        text += "" if step.times is None else f", {step.times} times"
    elif step.every_ms == 0:
        text += ", each time"
    if step.within_ms:
        text += f", within {duration_text(step.within_ms)}"
    if step.refused is not None:
        text += f", refused{': ' * bool(step.refused)}{step.refused}"
    if step.facts_if:
        wanted = " and ".join(f"{path} {_shown(path, raw)}" for path, raw in step.facts_if)
        text += f", if {wanted}"
    if step.is_required:
        text += ", required"
    return text


def _arguments(step: Step) -> str:
    asked = list(step.action.asks())
    if asked:
        return ", ".join(f"{path} {_shown(path, raw)}" for _, path, raw in asked)
    action = step.action
    texts = [
        f"{name.rstrip('_')} {_value(name, getattr(action, name))}"
        for name in type(action).model_fields
        if name in action.model_fields_set
    ]
    return ", ".join(texts)


def _value(name: str, value: Any) -> str:
    is_time = name in ("time", "by", "length", "start", "at", "time_out", "back_after", "slow_mode")
    if is_time and isinstance(value, int) and not isinstance(value, bool):
        return duration_text(value)
    if isinstance(value, BaseModel):
        return str(value.model_dump(exclude_unset=True))
    if isinstance(value, tuple) and len(value) == 2:
        return f"{value[0]}x{value[1]}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(path: str, raw: Any) -> str:
    fact, _, _ = facts.find(path)
    return fact.condition(raw).text


def _condition(expectation: Any) -> str:
    return _shown(expectation.path, expectation.condition)
