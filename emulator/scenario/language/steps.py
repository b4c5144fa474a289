"""Steps: the lines of a timeline: one action each, when it happens and how long it lasts."""

import re
from typing import Any, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.core import quantities
from emulator.core.errors import Code
from emulator.scenario.actions import registry
from emulator.scenario.actions.expect import problems as expectation_problems
from emulator.scenario.language import happenings
from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.checked import checked
from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.scenario import After, At, On, Place, Step, Trigger
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values.choices import asked_in, is_true
from emulator.scenario.language.values.filling import Filling
from emulator.world.chat.moderation import ChatCode

STEPS_MAX = 10_000
TIMES_MAX = 1_000_000
WORDS = (
    *("name", "at", "after", "on", "for", "every", "times", "within", "if", "refused"),
    "required",
)
# What the platform refuses with: codes of its own, and of chat, also as a socket names them.
REFUSAL_CODES = (
    *get_args(Code),
    *get_args(ChatCode),
    "blocked",
    "invalid_message",
)
_TRIGGERS = ("at", "after", "on")
_NAME = re.compile(r"[A-Za-z][\w -]{0,63}")
_AFTER = re.compile(r"(?P<name>[A-Za-z][\w -]*?)\s*(?:\+\s*(?P<rest>.+))?")


class Steps(Struct):
    """The steps read so far, of one file and of those it includes. `shift_ms` moves its `at`s."""

    errors: list[InputError]
    steps: list[Step] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    # Steps that wait for one by name, which may stand further down.
    waiting: list[tuple[int, str, Node]] = field(default_factory=list)
    # Names of steps that have errors of their own.
    broken: set[str] = field(default_factory=set)
    shift_ms: int = 0
    # What an unplaced step follows: the last one that is not switched off.
    before: int | None = None

    def add(self, node: Node, filling: Filling) -> None:
        """Read one entry of a timeline."""
        if not isinstance(node.value, dict):
            self._note(node, "step", "A step is an action with its arguments: noun.verb: {...}.")
            return
        key, action_type = self._action(node)
        words = {
            word: filling.plain(value)
            for word, value in node.value.items()
            if word in WORDS and word != "after"
        }
        if action_type is None:
            return
        action = self._checked(action_type, node.value[key], filling)
        step = self._step(node, action_type, action, words)
        if step is not None:
            self._keep(node, step, filling)

    def finish(self) -> None:
        """Give every `after` the number of the step that it names."""
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
                self.steps[number] = _with_trigger(step, trigger)

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
                text = f"{key[:60]} is no action and no word of a step"
                text += meant(key, [*registry.every(), *WORDS])
                self.errors.append(node.error_at_key(key, "unknown-action", text))
        if len(known) > 1:
            text = f"A step does one thing: make {' and '.join(known)} steps of their own."
            self.errors.append(node.error_at_key(known[1], "one-action", text))
        return (known[0], registry.find(known[0])) if known else ("", None)

    def _checked(self, kind: type[ActionSpec], node: Node, filling: Filling) -> ActionSpec | None:
        plain = kind.arguments(filling.plain(node))
        action = checked(kind, plain, node, self.errors, kind.name)
        for path, rule, message in action.problems() if action else ():
            self.errors.append(node.at(path).error(rule, message))
        return action

    def _step(
        self, node: Node, kind: type[ActionSpec], action: ActionSpec | None, words: dict[str, Any]
    ) -> Step | None:
        number = len(self.steps)
        name = words.get("name", f"{kind.name} {number + 1}")
        if not isinstance(name, str) or (not _NAME.fullmatch(name) and "name" in words):
            self._note(node.at(("name",)), "name", "A step's name begins with a letter.")
            name = f"{kind.name} {number + 1}"
        reader = _Words(node, words, self.errors)
        trigger = self._trigger(node, words, reader)
        is_off = not reader.condition()
        for_ms, every_ms = reader.duration("for"), reader.every(trigger)
        times, within_ms = reader.times(), reader.duration("within")
        reader.check_lasting(kind, for_ms)
        if within_ms is not None and kind.name != "expect":
            self._note(node.at(("within",)), "within", "within belongs to expect alone.")
        if action is None or trigger is None:
            # A step that waits for it is not an error, too.
            self.broken.add(name)
            return None
        return Step(
            number=number,
            name=name,
            place=Place(node.file, node.line, node.column),
            action=action,
            trigger=trigger,
            for_ms=for_ms,
            every_ms=every_ms,
            times=times,
            within_ms=within_ms or 0,
            refused=reader.refused(),
            facts_if=reader.facts_if(),
            is_required=reader.required(),
            is_off=is_off,
            is_named="name" in words,
        )

    def _trigger(self, node: Node, words: dict[str, Any], reader: "_Words") -> Trigger | None:
        texts = [word for word in _TRIGGERS if word in node.value]
        if len(texts) > 1:
            text = f"A step begins once: {' or '.join(texts)}, not both."
            self.errors.append(node.error_at_key(texts[1], "one-trigger", text))
            return None
        if not texts:
            return After(self.before, 0)
        if texts == ["at"]:
            offset_ms = reader.duration("at")
            return None if offset_ms is None else At(offset_ms + self.shift_ms)
        if texts == ["on"]:
            return self._on(node.value["on"], words["on"])
        return After(None, 0)  # `_keep` reads it: only there its step has a number.

    def _on(self, node: Node, plain: Any) -> On | None:
        """`on: chat.held` or `on: {chat.held: {stream: launch}}`."""
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

    def _keep(self, node: Node, step: Step, filling: Filling) -> None:
        if "after" in node.value:
            step = self._after(node.value["after"], step, filling)
        if step.name in self.numbers:
            other = self.steps[self.numbers[step.name]].place
            text = f"There is a step named {step.name} already, in line {other.line}."
            self._note(node.at(("name",)), "twice", text)
        self.numbers[step.name] = step.number
        self.steps.append(step)
        if not step.is_off and not step.is_endless:
            self.before = step.number

    def _after(self, node: Node, step: Step, filling: Filling) -> Step:
        text = str(node.value)
        match = _AFTER.fullmatch(text.strip())
        if match is None:
            self._note(node, "after", "Write a step's name here, and + and a duration if you like.")
            return step
        offset_ms = 0
        if match["rest"]:
            rest = filling.plain(Node(node.file, node.line, node.column, match["rest"]))
            try:
                offset_ms = quantities.duration_ms(str(rest))
            except ValueError as error:
                self._note(node, "value", f"{error}.")
        self.waiting.append((step.number, match["name"], node))
        return _with_trigger(step, After(None, offset_ms))


class _Words:
    """The words of one step beside its action, each read by its kind."""

    def __init__(self, node: Node, words: dict[str, Any], errors: list[InputError]) -> None:
        self._node = node
        self._words = words
        self._errors = errors

    def duration(self, word: str) -> int | None:
        if word not in self._words:
            return None
        value = self._words[word]
        try:
            return quantities.duration_ms(value)
        except ValueError as error:
            self._note(word, "value", f"{word}: {error}.")
            return None

    def every(self, trigger: Trigger | None) -> int | None:
        if self._words.get("every") == "event":
            if not isinstance(trigger, On):
                self._note("every", "every", "every: event belongs to a step with `on`.")
            return 0
        number = self.duration("every")
        if number == 0:
            self._note("every", "every", "every needs some time between, such as 10s.")
            return None
        return number

    def times(self) -> int | None:
        if "times" not in self._words:
            return None
        value = self._words["times"]
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= TIMES_MAX:
            self._note("times", "type", f"times is a whole number from 1 to {TIMES_MAX}.")
            return None
        if "every" not in self._words:
            self._note("times", "times", "times needs every: how long between them.")
        return value

    def facts_if(self) -> tuple[tuple[str, Any], ...]:
        """The facts that an `if` asks for, each with its condition."""
        facts = asked_in(self._words.get("if"))
        for path, raw in facts.items():
            for _, rule, message in expectation_problems(path, raw):
                self._errors.append(self._node.at_key(("if", path)).error(rule, message))
        return tuple(facts.items())

    def condition(self) -> bool:
        if "if" not in self._words or asked_in(self._words["if"]):
            return True
        try:
            # An unknown name was noted already.
            return "$" in str(self._words["if"]) or is_true(self._words["if"])
        except ValueError as error:
            self._note("if", "if", f"{error}.")
            return True

    def refused(self) -> str | None:
        """`refused: true`, or the code that the platform must refuse with."""
        value = self._words.get("refused")
        if value is None or value is False:
            return None
        if value is True:
            return ""
        if isinstance(value, str):
            # With an unknown name in it, which was noted already.
            if value not in REFUSAL_CODES and "$" not in value:
                known = meant(value, REFUSAL_CODES)
                self._note("refused", "refused", f"Nothing is refused with {value[:40]}{known}")
            return value
        self._note("refused", "type", "refused is true, or a code such as slow_mode.")
        return None

    def required(self) -> bool:
        value = self._words.get("required", False)
        if not isinstance(value, bool):
            self._note("required", "type", "required is true or false.")
        return value is True

    def check_lasting(self, kind: type[ActionSpec], for_ms: int | None) -> None:
        if "for" in self._words and not kind.may_last:
            self._note("for", "for", f"{kind.name} is done at once: it takes no `for`.")
        elif kind.must_last and "for" not in self._words:
            text = f"{kind.name} goes on for a while: add for: and a duration."
            self._errors.append(self._node.error("for", text))
        elif kind.must_last and for_ms == 0:
            self._note("for", "for", f"{kind.name} needs some time, such as for: 10s.")

    def _note(self, word: str, rule: str, message: str) -> None:
        self._errors.append(self._node.at((word,)).error(rule, message))


def _with_trigger(step: Step, trigger: Trigger) -> Step:
    return replace(step, trigger=trigger)
