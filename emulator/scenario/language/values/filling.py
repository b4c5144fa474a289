"""Filling: replaces every `$parameter` in a tree by its value."""

from collections.abc import Collection, Mapping
from typing import Any

from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values.arithmetic import names_in, resolve


class Filling:
    """Replaces the parameters in a tree.

    `saved` are names that only the run knows, because `http.request` saves them: they are kept.
    """

    def __init__(
        self, values: Mapping[str, Any], saved: Collection[str], errors: list[InputError]
    ) -> None:
        self._values = values
        self._saved = saved
        self._errors = errors

    def fill(self, node: Node) -> Node:
        """Return the node with all parameters below it replaced.

        An unknown name is an error and is kept.
        """
        value = node.value
        if isinstance(value, dict):
            return _with_value(node, {key: self.fill(inner) for key, inner in value.items()})
        if isinstance(value, list):
            return _with_value(node, [self.fill(inner) for inner in value])
        if isinstance(value, str) and "$" in value:
            return _with_value(node, self._resolved(node, value))
        return node

    def fill_step(self, node: Node) -> Node:
        """Fill one item of a timeline.

        Its `after` is a step's name, and then maybe + and a duration.
        """
        if not isinstance(node.value, dict):
            return node
        parts = {key: inner for key, inner in node.value.items() if not key.startswith("x-")}
        after = parts.pop("after", None)
        values = {key: self.fill(inner) for key, inner in parts.items()}
        if after is not None:
            name, plus, delay = str(after.value).partition("+")
            filled = self._resolved(after, delay.strip()) if "$" in delay else delay.strip()
            values["after"] = _with_value(after, f"{name}{plus}{filled}")
        return _with_value(node, values)

    def _resolved(self, node: Node, text: str) -> Any:
        names = names_in(text)
        unknown = [n for n in names if n not in self._values and n not in self._saved]
        for name in unknown:
            message = f"There is no parameter ${name}{meant(name, [*self._values, *self._saved])}"
            self._errors.append(node.error("unknown-parameter", message))
        late = {name: f"${name}" for name in [*unknown, *self._saved]}
        try:
            if late.keys() & set(names):
                # With a name whose value is not known yet, the result is a text.
                return resolve(text, {**self._values, **late}) if len(names) > 1 else text
            return resolve(text, self._values)
        except ValueError as error:
            self._errors.append(node.error("arithmetic", f"{text[:60]}: {error}."))
            return text


def _with_value(node: Node, value: Any) -> Node:
    return Node(node.file, node.line, node.column, value, node.keys)
