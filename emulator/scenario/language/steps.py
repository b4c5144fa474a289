"""Steps: reads the steps of a timeline: an action each, when it happens and how long it lasts."""

import re
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.core import quantities
from emulator.scenario.actions import registry
from emulator.scenario.actions.expect import problems as expectation_problems
from emulator.scenario.language import happenings
from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.checked import checked
from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.scenario import After, At, On, Place, Step, Trigger
from emulator.scenario.language.step_words import WORDS, StepWords
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values.choices import asked_in, is_true

_TRIGGERS = ("at", "after", "on")
_AFTER = re.compile(r"(?P<name>[A-Za-z][\w -]*?)\s*(?:\+\s*(?P<rest>.+))?")


class Steps(Struct):
    """The steps read so far, of all files."""

    errors: list[InputError]
    steps: list[Step] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    # Steps with an `after`: its name may be of a step further down.
    waiting: list[tuple[int, str, Node]] = field(default_factory=list)
    # Names of steps that could not be read: an `after` of one of them is no further error.
    broken: set[str] = field(default_factory=set)
    # The number of the last step that is not switched off: a step without a time begins after it.
    before: int | None = None

    def add(self, node: Node, shift_ms: int = 0) -> Step | None:
        """Read the step of one item of a timeline; None if it has errors.

        `shift_ms` moves its `at`.
        """
        if not isinstance(node.value, dict):
            self._note(node, "step", "A step is an action with its arguments: noun.verb: {...}.")
            return None
        key, action_type = self._action(node)
        if action_type is None:
            return None
        action = self._checked(action_type, node.value[key])
        step = self._step(node, action_type, action, shift_ms)
        return None if step is None else self._keep(node, step)

    def finish(self) -> None:
        """Replace the name in each `after` by the number of the step."""
        for number, name, node in self.waiting:
            before = self.numbers.get(name)
            if before is None and name in self.broken:
                continue
            if before is None:
                text = f"There is no step named {name}{meant(name, self.numbers)}"
                self._note(node, "unknown-step", text)
                continue
            step = self.steps[number]
            if isinstance(step.trigger, After):
                trigger = After(before, step.trigger.offset_ms)
                self.steps[number] = replace(step, trigger=trigger)

    def _note(self, node: Node, rule: str, message: str) -> None:
        self.errors.append(node.error(rule, message))

    def _action(self, node: Node) -> tuple[str, type[ActionSpec] | None]:
        keys = [key for key in node.value if key not in WORDS and not key.startswith("x-")]
        if not keys:
            self._note(node, "step", "This step does nothing: add an action, noun.verb: {...}.")
            return "", None
        known = [key for key in keys if registry.find(key) is not None]
        for key in keys:
            if key not in known:
                text = f"{key[:60]} is neither an action nor a word of a step"
                text += meant(key, [*registry.every(), *WORDS])
                self.errors.append(node.error_at_key(key, "unknown-action", text))
        if len(known) > 1:
            text = f"A step has one action: make {' and '.join(known)} separate steps."
            self.errors.append(node.error_at_key(known[1], "one-action", text))
        return (known[0], registry.find(known[0])) if known else ("", None)

    def _checked(self, kind: type[ActionSpec], node: Node) -> ActionSpec | None:
        plain = kind.arguments(node.plain())
        action = checked(kind, plain, node, self.errors, kind.name)
        for path, rule, message in action.problems() if action else ():
            self.errors.append(node.at(path).error(rule, message))
        return action

    def _step(
        self, node: Node, kind: type[ActionSpec], action: ActionSpec | None, shift_ms: int
    ) -> Step | None:
        number = len(self.steps)
        plain = {word: value.plain() for word, value in node.value.items() if word in WORDS}
        checked_words = checked(StepWords, plain, node, self.errors, kind.name)
        # If a word is wrong, the step is read on without words, because other parts may be wrong
        # too.
        words = checked_words or StepWords()
        name = words.name or f"{kind.name} {number + 1}"
        trigger = self._trigger(node, words, shift_ms)
        if action is None or trigger is None:
            # A step that begins after it must not become an error too.
            self.broken.add(name)
            return None
        if checked_words:
            self._check_words(node, words, kind, trigger)
        return Step(
            number=number,
            name=name,
            place=Place(node.file, node.line, node.column),
            action=action,
            trigger=trigger,
            for_ms=words.for_,
            every_ms=words.every,
            times=words.times,
            within_ms=words.within or 0,
            refused=words.refused,
            facts_if=_facts_if(words.if_, node, self.errors),
            is_required=words.required,
            is_off=not self._is_wanted(node, words.if_),
            is_named=bool(words.name),
        )

    def _check_words(
        self, node: Node, words: StepWords, kind: type[ActionSpec], trigger: Trigger
    ) -> None:
        """Check the words that depend on each other, on the action or on the trigger."""

        def note(word: str, message: str) -> None:
            self._note(node.at((word,)), word, message)

        if words.every == 0 and not isinstance(trigger, On):
            note("every", "every: event belongs to a step with `on`.")
        if words.times is not None and words.every is None:
            note("times", "times needs every: how long between them.")
        if words.within is not None and kind.name != "expect":
            note("within", "within belongs to expect alone.")
        if words.for_ is not None and not kind.may_last:
            note("for", f"{kind.name} is done at once: it takes no `for`.")
        elif words.for_ is None and kind.must_last:
            note("for", f"{kind.name} lasts for a while: add for: and a duration.")
        elif words.for_ == 0 and kind.must_last:
            note("for", f"{kind.name} needs some time, such as for: 10s.")

    def _is_wanted(self, node: Node, condition: Any) -> bool:
        """Return whether its `if` lets the step happen, as far as that is known before the run."""
        # An unknown name is already an error.
        if asked_in(condition) or "$" in str(condition):
            return True
        try:
            return is_true(condition)
        except ValueError as error:
            self._note(node.at(("if",)), "if", f"{error}.")
            return True

    def _trigger(self, node: Node, words: StepWords, shift_ms: int) -> Trigger | None:
        texts = [word for word in _TRIGGERS if word in node.value]
        if len(texts) > 1:
            text = f"A step begins once: {' or '.join(texts)}, not both."
            self.errors.append(node.error_at_key(texts[1], "one-trigger", text))
            return None
        if words.at is not None:
            return At(words.at + shift_ms)
        if texts == ["on"]:
            return self._on(node.value["on"])
        # The name in an `after` is read by `_keep`, because only then this step has a number.
        return After(None if texts else self.before, 0)

    def _on(self, node: Node) -> On | None:
        """Read `on: chat.held` or `on: {chat.held: {stream: launch}}`."""
        plain = node.plain()
        if isinstance(plain, str):
            plain = {plain: {}}
        if not isinstance(plain, dict) or len(plain) != 1:
            self._note(node, "event", "Write one event here, such as {chat.held: {stream: ...}}.")
            return None
        [(name, filters)] = plain.items()
        kind = happenings.kinds().get(name)
        if kind is None:
            text = f"There is no event {name[:60]}{meant(name, happenings.kinds())}"
            self._note(node, "unknown-event", text)
            return None
        if not isinstance(filters, dict | None):
            self._note(node.at((name,)), "event", "Write a filter here, such as {stream: launch}.")
            return None
        for key in filters or {}:
            known = happenings.values_of(kind)
            if key not in known:
                text = f"{name} has no {key[:40]}{meant(key, known)}"
                self.errors.append(node.at((name,)).error_at_key(key, "unknown-value", text))
        return On(name, filters or {})

    def _keep(self, node: Node, step: Step) -> Step:
        if "after" in node.value:
            step = self._after(node.value["after"], step)
        if step.name in self.numbers:
            other = self.steps[self.numbers[step.name]].place
            text = f"There is a step named {step.name} already, in line {other.line}."
            self._note(node.at(("name",)), "twice", text)
        self.numbers[step.name] = step.number
        self.steps.append(step)
        if not step.is_off and not step.is_endless:
            self.before = step.number
        return step

    def _after(self, node: Node, step: Step) -> Step:
        text = str(node.value)
        match = _AFTER.fullmatch(text.strip())
        if match is None:
            self._note(node, "after", "Write a step's name here, and + and a duration if you like.")
            return step
        offset_ms = 0
        if match["rest"]:
            try:
                offset_ms = quantities.duration_ms(match["rest"])
            except ValueError as error:
                self._note(node, "value", f"{error}.")
        self.waiting.append((step.number, match["name"], node))
        return replace(step, trigger=After(None, offset_ms))


def _facts_if(condition: Any, node: Node, errors: list[InputError]) -> tuple[tuple[str, Any], ...]:
    """Return the facts that an `if` asks for, each with its condition."""
    facts = asked_in(condition)
    for path, raw in facts.items():
        for _, rule, message in expectation_problems(path, raw):
            errors.append(node.at_key(("if", path)).error(rule, message))
    return tuple(facts.items())
