"""Validation messages: pydantic's messages in plain words, with the way to write the value."""

import re

_TIME = "Input should be a time in ISO 8601, such as 2026-01-31T18:00:00Z"
_BY_TYPE = {
    "int_parsing": "Input should be a whole number",
    "float_parsing": "Input should be a number",
    "bool_parsing": "Input should be true or false",
    "bool_type": "Input should be true or false",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
}
_PATTERN = re.compile(r"String should match pattern '(.*)'", re.DOTALL)
# What to write, by pattern.
_PATTERN_HINTS: dict[str, str] = {}


def explained(pattern: str, hint: str) -> str:
    """Register what to write for a field's pattern, such as `404 or 4xx`. Returns the pattern."""
    _PATTERN_HINTS[pattern] = hint
    return pattern


def message_of(kind: str, message: str) -> str:
    """Return the message of a validation error of this type.

    Without words of the library: `Value error, ` in front, and `after validation`.
    """
    match = _PATTERN.fullmatch(message) if kind == "string_pattern_mismatch" else None
    if match is not None and match[1] in _PATTERN_HINTS:
        return f"{message}: write {_PATTERN_HINTS[match[1]]}"
    plain = message.removeprefix("Value error, ").replace(" after validation", "")
    return _BY_TYPE.get(kind, plain)
