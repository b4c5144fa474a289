"""Schedule: the planned time of each step, as far as known before the run begins. Pure.

A step with `on`, and all steps after it, have no planned time.
"""

from msgspec import Struct

from emulator.scenario.language.errors import InputError
from emulator.scenario.language.scenario import After, At, On, Scenario, Step


class Planned(Struct, frozen=True):
    """The plan of one step, in milliseconds after the start; None where only the run can tell."""

    step: Step
    starts_ms: int | None
    ends_ms: int | None


def plan(scenario: Scenario) -> list[Planned]:
    """Plan every step that is not switched off, in the order of the file."""
    values: dict[int, Planned] = {}
    for step in scenario.steps:
        # There is no recursion: a file may chain 10,000 steps.
        chain = [step]
        while isinstance(chain[-1].trigger, After) and chain[-1].trigger.step is not None:
            before = chain[-1].trigger.step
            if before in values or len(chain) > len(scenario.steps):
                break
            chain.append(scenario.steps[before])
        for step_before in reversed(chain):
            if step_before.number not in values:
                values[step_before.number] = _planned(step_before, values)
    return [values[step.number] for step in scenario.steps if not step.is_off]


def end_ms(scenario: Scenario, planned: list[Planned]) -> int | None:
    """The shortest duration of the run; None for one without an end."""
    if scenario.is_endless:
        return None
    instants = [item.ends_ms or item.starts_ms or 0 for item in planned]
    return max([scenario.lasts_ms or 0, *instants])


def check(scenario: Scenario) -> list[InputError]:
    """Find impossible steps: they wait for each other, or for one that never ends or is off."""
    errors = []
    for step in scenario.steps:
        trigger = step.trigger
        if not isinstance(trigger, After) or trigger.step is None or step.is_off:
            continue
        before = scenario.steps[trigger.step]
        if _is_in_circle(scenario, step):
            text = f"{step.name} waits for itself: its `after` leads in a circle."
            errors.append(_error(step, "circle", text))
        elif before.is_extra:
            word = "times" if before.every_ms is not None else "for"
            text = f"{before.name} never ends, so nothing comes after it: give it {word}."
            errors.append(_error(step, "never-ends", text))
        elif before.is_off:
            text = f"{before.name} is switched off by its `if`, so nothing comes after it."
            errors.append(_error(step, "switched-off", text))
    return errors


def length_ms(step: Step) -> int:
    """The shortest duration of one run of a step."""
    if step.for_ms is not None:
        return step.for_ms
    return int(getattr(step.action, "time", 0)) if step.action.name == "wait" else 0


def _planned(step: Step, values: dict[int, Planned]) -> Planned:
    trigger = step.trigger
    starts_ms: int | None
    if isinstance(trigger, At):
        starts_ms = trigger.offset_ms
    elif isinstance(trigger, On):
        starts_ms = None
    elif trigger.step is None:
        starts_ms = trigger.offset_ms
    else:
        before = values.get(trigger.step)
        ended_ms = before.ends_ms if before else None
        starts_ms = None if ended_ms is None else ended_ms + trigger.offset_ms
    if starts_ms is None or step.is_extra:
        return Planned(step, starts_ms, None)
    repeats_ms = (step.every_ms or 0) * ((step.times or 1) - 1)
    return Planned(step, starts_ms, starts_ms + repeats_ms + length_ms(step))


def _is_in_circle(scenario: Scenario, step: Step) -> bool:
    seen = {step.number}
    at = step
    while isinstance(at.trigger, After) and at.trigger.step is not None:
        at = scenario.steps[at.trigger.step]
        if at.number == step.number:
            return True
        if at.number in seen:
            return False
        seen.add(at.number)
    return False


def _error(step: Step, rule: str, message: str) -> InputError:
    place = step.place
    return InputError(place.file, place.line, place.column, rule, message)
