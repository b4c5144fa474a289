"""Parameters inside values: `$peak`, `0.95 * $peak`, `Welcome to $title`. Nothing else is code.

If a whole text is arithmetic, it is computed; in any other text, `$name` is replaced. Values keep
their units: a duration and a number cannot be added.
"""

import re
from collections.abc import Mapping
from typing import Any

from emulator.scenario.language.values.literals import Quantity, Unit, quantity

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_USED = re.compile(r"\$(?:\$|\{([a-z][a-z0-9_]{0,63})\}|([a-z][a-z0-9_]{0,63}))")
_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$\{?[a-z][a-z0-9_]*\}?)|(?P<literal>\d[\w.%]*(?:/(?:ms|s|min|m|h)\b)?)"
    r"|(?P<sign>[-+*/()]))"
)
_LENGTH_MAX = 200


def names_in(text: str) -> list[str]:
    """Return the names of the parameters in a text."""
    return [match[1] or match[2] for match in _USED.finditer(text) if match[0] != "$$"]


def resolve(text: str, values: Mapping[str, Any]) -> Any:
    """Return the value of `text`, whose names are all in `values`.

    Refuses (`ValueError`) arithmetic that makes no sense.
    """
    whole = _USED.fullmatch(text)
    if whole and text != "$$":
        return values[whole[1] or whole[2]]
    tokens = _tokens(text, values)
    if tokens is not None:
        parsed = _Parser(tokens)
        if parsed.is_formula:
            return _plain(parsed.value())
    return _USED.sub(lambda match: _text(match, values), text)


def _text(match: re.Match[str], values: Mapping[str, Any]) -> str:
    name = match[1] or match[2]
    return "$" if name is None else str(values[name])


def _tokens(text: str, values: Mapping[str, Any]) -> list[str | Quantity] | None:
    """Return the tokens of a formula; None where the text is not one."""
    if len(text) > _LENGTH_MAX:
        return None
    tokens: list[str | Quantity] = []
    position, stripped = 0, text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            return None
        position = match.end()
        if match["sign"]:
            tokens.append(match["sign"])
            continue
        word = match["literal"] or str(values[match["name"].strip("${}")])
        try:
            tokens.append(quantity(word))
        except ValueError:
            return None
    return tokens


class _Parser:
    """Computes sums of products of quantities, by recursive descent."""

    def __init__(self, tokens: list[str | Quantity]) -> None:
        self._tokens = tokens
        self._position = 0
        # `3 4` and `+` are texts, not wrong formulas: a formula has values with signs between them.
        shape = "".join("v" if isinstance(token, Quantity) else token for token in tokens)
        self.is_formula = re.search(r"v\(|\)v|vv|[-+*/]\)|\(\)|^[*/)]|[-+*/(]$", shape) is None

    def value(self) -> Quantity:
        value = self._sum()
        if self._position < len(self._tokens):
            raise ValueError("a closing bracket has no opening one")
        return value

    def _peek(self) -> str | Quantity | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _sum(self) -> Quantity:
        left = self._product()
        while (sign := self._peek()) in ("+", "-"):
            self._position += 1
            right = self._product()
            if left.unit != right.unit:
                raise ValueError(f"{left} and {right} are of different kinds")
            change = right.value if sign == "+" else -right.value
            left = Quantity(left.value + change, left.unit)
        return left

    def _product(self) -> Quantity:
        left = self._factor()
        while (sign := self._peek()) in ("*", "/"):
            self._position += 1
            right = self._factor()
            left = _times(left, right) if sign == "*" else _over(left, right)
        return left

    def _factor(self) -> Quantity:
        token = self._peek()
        self._position += 1
        if isinstance(token, Quantity):
            return token
        if token == "-":
            value = self._factor()
            return Quantity(-value.value, value.unit)
        if token == "(":
            value = self._sum()
            if self._peek() != ")":
                raise ValueError("a bracket is not closed")
            self._position += 1
            return value
        raise ValueError("a number is missing next to a sign")


def _times(left: Quantity, right: Quantity) -> Quantity:
    units = {left.unit, right.unit}
    if units == {"ms", "/s"}:
        return Quantity(left.value * right.value / 1000, "")
    # A share of a thing has that thing's unit; a share of a share is a share.
    for share, other in ((left, right), (right, left)):
        if share.unit in ("%", ""):
            unit: Unit = "%" if units == {"%"} else other.unit
            if units == {"%", ""}:
                unit = ""
            return Quantity(left.value * right.value, unit)
    raise ValueError(f"{left} and {right} cannot be multiplied")


def _over(left: Quantity, right: Quantity) -> Quantity:
    if right.value == 0:
        raise ValueError(f"{left} is divided by zero")
    if left.unit == right.unit:
        return Quantity(left.value / right.value, "")
    if right.unit in ("", "%"):
        return Quantity(left.value / right.value, left.unit)
    raise ValueError(f"{left} cannot be divided by {right}")


def _plain(amount: Quantity) -> Any:
    """Return a quantity without a unit as a number, any other as text that can be read back."""
    if amount.unit:
        if amount.value < 0:
            raise ValueError(f"{amount} is below zero")
        return str(amount)
    # Rounded, so that 0.1 + 0.2 is not slightly off a whole number or a limit.
    value = round(amount.value, 9)
    return int(value) if value == int(value) else value
