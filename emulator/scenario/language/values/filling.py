"""Filling: a tree's plain values, with every `$parameter` in them replaced."""

from collections.abc import Collection, Mapping
from typing import Any

from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values.arithmetic import names_in, resolve


class Filling:
    """`saved` are names that only the run knows (`http.request` saves them): those stay."""

    def __init__(
        self, values: Mapping[str, Any], saved: Collection[str], errors: list[InputError]
    ) -> None:
        self._values = values
        self._saved = saved
        self._errors = errors

    def plain(self, node: Node) -> Any:
        """The node's value. An unknown name is an error, and stays as it is."""
        value = node.value
        if isinstance(value, dict):
            return {key: self.plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.plain(inner) for inner in value]
        if isinstance(value, str) and "$" in value:
            return self._resolved(node, value)
        return value

    def _resolved(self, node: Node, text: str) -> Any:
        names = names_in(text)
        unknown = [n for n in names if n not in self._values and n not in self._saved]
        for name in unknown:
            message = f"There is no parameter ${name}{meant(name, [*self._values, *self._saved])}"
            self._errors.append(node.error("unknown-parameter", message))
        late = {name: f"${name}" for name in [*unknown, *self._saved]}
        try:
            if late.keys() & set(names):
                # What is not known yet makes a text, with anything else in it.
                return resolve(text, {**self._values, **late}) if len(names) > 1 else text
            return resolve(text, self._values)
        except ValueError as error:
            self._errors.append(node.error("arithmetic", f"{text[:60]}: {error}."))
            return text
