"""Choices: the `if` of a step: a parameter, or a comparison of two values."""

import operator
import re
from typing import Any

from emulator.scenario.facts import registry as facts
from emulator.scenario.language.tree import scalar
from emulator.scenario.language.values.literals import quantity

_PATH = re.compile(r"[a-z]+\.[\w.-]+")
_COMPARISON = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)")
_SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


# The word of a condition for each sign of a comparison.
_CONDITIONS = {
    "==": "is",
    "!=": "not",
    "<=": "at_most",
    ">=": "at_least",
    "<": "below",
    ">": "above",
}


def asked_in(value: Any) -> dict[str, Any]:
    """Return the facts that an `if` asks for, with their conditions; empty where it asks for none.

    An `if` asks for facts as `{stream.launch.status: live}`, `stream.launch.viewers > 10` or
    `stream.launch.has_media`.
    """
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    match = _COMPARISON.fullmatch(value.strip())
    path = match[1].strip() if match else value.strip()
    if not _PATH.fullmatch(path) or path.partition(".")[0] not in facts.nouns():
        return {}
    return {path: {_CONDITIONS[match[2]]: scalar(match[3].strip().strip("'\""))} if match else True}


def is_true(value: Any) -> bool:
    """Return whether an `if` lets its step happen; its parameters are already replaced.

    Refuses (`ValueError`) a value that is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    match = _COMPARISON.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        text = str(value)[:40]
        raise ValueError(f"{text} is neither true nor false; write $name, $name > 10, or a fact")
    left, right = _read(match[1]), _read(match[3])
    if type(left) is not type(right) and match[2] not in ("==", "!="):
        raise ValueError(f"{match[1]} and {match[3]} cannot be compared")
    return bool(_SIGNS[match[2]](left, right))


def _read(text: str) -> Any:
    """Return a side of a comparison so that equal quantities are equal: `90s` and `1m30s`."""
    text = text.strip().strip("'\"")
    plain = scalar(text)
    if isinstance(plain, bool):
        return plain
    try:
        value = quantity(text)
    except ValueError:
        return text
    return (value.unit, value.value)
