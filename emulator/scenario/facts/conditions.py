"""Conditions: what a fact must be: a value, or words such as `{above: 3}` or `{one_of: [a, b]}`."""

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from msgspec import Struct

from emulator.core import quantities
from emulator.scenario.language.errors import meant

FactKind = Literal["number", "duration", "share", "text", "truth", "any"]

# Every word of a condition with what it means.
WORDS = {
    "is": "is equal to this",
    "not": "is not equal to this",
    "above": "is more than this",
    "below": "is less than this",
    "at_least": "is this or more",
    "at_most": "is this or less",
    "between": "is in the range from the first value to the second",
    "about": "differs from this by at most `give`",
    "one_of": "is one of these",
    "contains": "contains this",
    "matches": "matches this regular expression as a whole",
}


def _is_within(value: Any, ends: tuple[Any, Any]) -> bool:
    return bool(ends[0] <= value <= ends[1])


_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
    "at_most": operator.le,
    "between": _is_within,
    "about": _is_within,
}
_PATTERN_MAX = 200


class Condition(Struct, frozen=True):
    """The condition on one fact.

    `wanted` maps each word to its value, which was read by the fact's kind. `text` is the condition
    as people read it.
    """

    kind: FactKind
    wanted: dict[str, Any]
    text: str

    def holds(self, value: Any) -> bool:
        return all(self._holds(word, want, value) for word, want in self.wanted.items())

    def distance(self, value: Any) -> float:
        """Return how far a value is from the wanted one.

        That is 0 where the condition holds, and infinity where the value is not a number.
        """
        if self.holds(value):
            return 0.0
        if isinstance(value, bool) or not isinstance(value, int | float):
            return math.inf
        ends = [end for item in self.wanted.values() for end in _ends(item)]
        return min((abs(value - end) for end in ends), default=math.inf)

    def _holds(self, word: str, want: Any, value: Any) -> bool:
        if word in _ORDERED:
            return _is_number(value) and _ORDERED[word](value, want)
        if word == "is":
            return _same(value, want)
        if word == "not":
            return not _same(value, want)
        if word == "one_of":
            return any(_same(value, item) for item in want)
        if word == "contains":
            return isinstance(value, str | list | tuple) and want in value
        return isinstance(value, str) and re.fullmatch(want, value) is not None


def parse(kind: FactKind, raw: Any, choices: Collection[str] = ()) -> Condition:
    """Return the condition that a scenario file states.

    `choices` are the only words that the fact can be. Refuses (`ValueError`) a condition that can
    never hold.
    """
    # `{is: 3}` reads as 3.
    text = text_of(raw["is"] if isinstance(raw, dict) and list(raw) == ["is"] else raw)
    if not isinstance(raw, dict):
        _check_choice(raw, choices)
        return Condition(kind, {"is": _read(kind, raw)}, text)
    if not raw:
        raise ValueError("a condition needs a word, such as above")
    give = raw.get("give")
    words = {word: value for word, value in raw.items() if word != "give"}
    for word in words:
        if word not in WORDS:
            raise ValueError(f"{word} is not a condition{meant(word, [*WORDS, 'give'])}")
    for word in words.keys() & {"is", "not", "one_of"}:
        options = words[word] if isinstance(words[word], list) else [words[word]]
        for option in options:
            _check_choice(option, choices)
    if ("about" in words) != (give is not None):
        raise ValueError("about and give go together: {about: 10s, give: 1s}")
    wanted = {word: _wanted(kind, word, value, give) for word, value in words.items()}
    return Condition(kind, wanted, text)


def split(raw: Any) -> tuple[Mapping[str, Any], Any]:
    """Split a condition into its `where`, which selects what is counted, and the other words."""
    if not isinstance(raw, dict) or "where" not in raw:
        return {}, raw
    where = raw["where"]
    if not isinstance(where, dict) or not where:
        raise ValueError("where takes names and values, such as where: {user: bob}")
    return where, {word: value for word, value in raw.items() if word != "where"}


def shown(kind: FactKind, value: Any) -> str:
    """Return the text of a fact's value for people."""
    if value is None:
        return "nothing"
    if kind == "duration" and _is_number(value):
        return quantities.duration_text(round(value))
    if kind == "share" and _is_number(value):
        return f"{round(value * 100, 2):g}%"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_choice(value: Any, choices: Collection[str]) -> None:
    """Refuse (`ValueError`) a value that is not among `choices`.

    A value with a name that only the run knows (`$saved`) may be any of them.
    """
    if choices and isinstance(value, str) and value not in choices and "$" not in value:
        raise ValueError(f"it can never be {value[:40]}{meant(value, choices)}")


def _wanted(kind: FactKind, word: str, value: Any, give: Any) -> Any:
    if word in _ORDERED and kind in ("text", "truth"):
        raise ValueError(f"{word} compares numbers, and this is a {kind}")
    if word == "between":
        return _range(kind, value)
    if word == "about":
        middle, slack = _read(kind, value), _read(kind, give)
        return middle - slack, middle + slack
    if word == "one_of":
        if not isinstance(value, list) or not value:
            raise ValueError("one_of takes a list")
        return tuple(_read(kind, item) for item in value)
    if word == "matches":
        return _pattern(value)
    return value if word == "contains" else _read(kind, value)


def _range(kind: FactKind, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("between takes two values: [from, to]")
    low, high = _read(kind, value[0]), _read(kind, value[1])
    if low > high:
        raise ValueError(f"{value[0]} is more than {value[1]}")
    return low, high


def _read(kind: FactKind, raw: Any) -> Any:
    if kind == "duration":
        return quantities.duration_ms(raw)
    if kind == "share":
        return quantities.share(str(raw))
    if kind == "number":
        if not _is_number(raw):
            raise ValueError(f"{text_of(raw)} is not a number")
        return raw
    if kind == "truth" and not isinstance(raw, bool):
        raise ValueError(f"{text_of(raw)} is neither true nor false")
    if kind == "text" and not isinstance(raw, str | None):
        raise ValueError(f"{text_of(raw)} is not a text; put it in quotes")
    return raw


def _pattern(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > _PATTERN_MAX:
        raise ValueError(f"matches takes a pattern of at most {_PATTERN_MAX} characters")
    try:
        re.compile(raw)
    except re.error as error:
        raise ValueError(f"this is not a pattern: {error}") from None
    return raw


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Any, want: Any) -> bool:
    # In Python, True equals 1; in a condition it does not.
    return isinstance(value, bool) == isinstance(want, bool) and bool(value == want)


def _ends(want: Any) -> list[float]:
    values = want if isinstance(want, tuple) else (want,)
    return [item for item in values if _is_number(item)]


def text_of(raw: Any) -> str:
    """Return a condition's text for people."""
    if isinstance(raw, dict):
        return ", ".join(
            f"{word.replace('_', ' ')} {text_of(value)}" for word, value in raw.items()
        )
    if isinstance(raw, list):
        return " and ".join(text_of(item) for item in raw)
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return "nothing" if raw is None else str(raw)
