"""YAML as a tree that has the place of each value: the safe subset for scenarios.

Scalars are read as YAML 1.2's core schema does (10.3.2), so `on`, `yes` and `NO` are texts. Tags
are not allowed, and the numbers of aliases, nodes and levels are bounded, so that a small file
cannot expand to a huge one.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct, field

from emulator.scenario.language.errors import InputError, InvalidScenario

BYTES_MAX = 2**20
ALIASES_MAX = 100
NODES_MAX = 400_000
LEVELS_MAX = 32

_WHOLE = re.compile(r"[-+]?[0-9]+")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAY_BE_NUMBER = frozenset("0123456789+-.")
# No whole number of a scenario has more digits; this also bounds the work of `int`.
_DIGITS_MAX = 18


class Node(Struct):
    """A value with its place in a file.

    `value` is a plain value, a list of nodes, or a dict of nodes by key. `keys` has the line and
    column of each key of a dict. `line` and `column` count from 1.
    """

    file: str
    line: int
    column: int
    value: Any
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def error(self, rule: str, message: str) -> InputError:
        return InputError(self.file, self.line, self.column, rule, message)

    def error_at_key(self, key: str, rule: str, message: str) -> InputError:
        line, column = self.keys.get(key, (self.line, self.column))
        return InputError(self.file, line, column, rule, message)

    def plain(self) -> Any:
        """Return its value without the places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at_key(self, path: tuple[int | str, ...]) -> "Node":
        """Return the node at the end of a path, with the place of the path's last key."""
        inside, key = self.at(path[:-1]), str(path[-1])
        line, column = inside.keys.get(key, (inside.line, inside.column))
        node = inside.at((key,))
        return Node(self.file, line, column, node.value, node.keys)

    def at(self, path: tuple[int | str, ...]) -> "Node":
        """Return the node at the end of a path of keys and numbers, or the last one before it."""
        node = self
        for part in path:
            inner = node.value
            if isinstance(inner, dict):
                node = inner.get(str(part), node)
            elif isinstance(inner, list) and isinstance(part, int) and part < len(inner):
                node = inner[part]
        return node


def read(text: str, file: str) -> Node:
    """Return the tree of one file.

    Refuses (`InvalidScenario`) text that is not in the safe subset.
    """
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise _wrong(file, 1, 1, "too-large", "A scenario file has at most 1 MiB.")
    try:
        return _Reader(file).read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        for number in (line, line - 1, error.context_mark.line + 1 if error.context_mark else 0):
            if _is_indented_with_tab(text, number):
                message = f"Line {number} is indented with a tab; YAML wants spaces."
                raise _wrong(file, number, 1, "tab", message) from None
        message = error.problem or error.context or "it cannot be read"
        raise _wrong(file, line, column, "yaml", f"This is not YAML: {message}.") from None
    except (yaml.YAMLError, UnicodeError) as error:
        # These are characters that YAML does not allow; the reader gives no place for them.
        message = str(error).splitlines()[0]
        raise _wrong(file, 1, 1, "yaml", f"This is not YAML: {message}.") from None


def _is_indented_with_tab(text: str, number: int) -> bool:
    """Return whether line `number`, counted from 1, begins with white space that contains a tab."""
    lines = text.splitlines()[number - 1 : number] if number > 0 else []
    return any("\t" in line[: len(line) - len(line.lstrip())] for line in lines)


def _wrong(file: str, line: int, column: int, rule: str, message: str) -> InvalidScenario:
    return InvalidScenario([InputError(file, line, column, rule, message)])


class _Reader:
    """Makes nodes from the parser's events. The errors of the whole file are collected."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._errors: list[InputError] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliases = 0
        self._nodes = 0

    def read(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        self._events = events
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._note(event, "one-document", "A file holds one scenario: remove this.")
                    break
                root = self._node(next(events), 0)
        if self._errors:
            raise InvalidScenario(self._errors)
        return root or Node(self._file, 1, 1, None)

    def _note(self, event: Any, rule: str, message: str) -> None:
        mark = event.start_mark
        self._errors.append(InputError(self._file, mark.line + 1, mark.column + 1, rule, message))

    def _node(self, event: Any, level: int) -> Node:
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(event, 1)
        node = Node(self._file, mark.line + 1, mark.column + 1, None)
        if event.tag is not None and event.tag != "!":
            self._note(event, "no-tags", f"Tags such as {event.tag[:40]} are not read here.")
        before = self._nodes
        if isinstance(event, yaml.ScalarEvent):
            node.value = event.value if event.style else scalar(event.value)
        elif level >= LEVELS_MAX:
            raise InvalidScenario(
                [node.error("too-deep", f"This is nested more than {LEVELS_MAX} levels deep.")]
            )
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self._list(level)
        else:
            self._map(node, level, is_flow=bool(event.flow_style))
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - before + 1)
        return node

    def _alias(self, event: Any) -> Node:
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            self._note(event, "aliases", f"A file has at most {ALIASES_MAX} aliases.")
            raise InvalidScenario(self._errors)
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            self._note(event, "aliases", f"There is no &{event.anchor} before this.")
            return Node(self._file, event.start_mark.line + 1, event.start_mark.column + 1, None)
        # The nodes of an alias count as if they were written here, because aliases of lists of
        # aliases could expand to billions of nodes.
        self._count(event, anchor[1])
        return anchor[0]

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            self._note(event, "too-large", f"A file has at most {NODES_MAX} values.")
            raise InvalidScenario(self._errors)

    def _list(self, level: int) -> list[Node]:
        nodes = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            nodes.append(self._node(event, level + 1))
        return nodes

    def _map(self, node: Node, level: int, *, is_flow: bool) -> None:
        values: dict[str, Node] = {}
        merged: list[Node] = []
        # The last value, if it is a text that a comma in braces may have cut off.
        cut: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            mark = event.start_mark
            key = self._node(event, level + 1).value
            if isinstance(key, dict | list):
                self._note(event, "keys", "A key is one word, not a list or a map.")
            name = event.value if isinstance(event, yaml.ScalarEvent) else str(key)[:40]
            said = next(self._events)
            value = self._node(said, level + 1)
            if cut is not None and value.value is None:
                # In `{stay: lognormal(8m, 1.0)}`, the comma begins another key for YAML.
                cut.value = f"{cut.value}, {name}"
                cut = _if_cut(cut)
                continue
            cut = _if_cut(value) if is_flow and _is_plain(said) else None
            if name in values:
                self._note(event, "twice", f"{name} is here twice. Remove one.")
            if name == "<<":
                merged += value.value if isinstance(value.value, list) else [value]
                continue
            values[name] = value
            node.keys[name] = (mark.line + 1, mark.column + 1)
        for other in merged:
            self._merge(node, values, other)
        node.value = values

    def _merge(self, node: Node, values: dict[str, Node], other: Node) -> None:
        """Add the keys of `<<: *name` (YAML's merge key) that the map itself does not have."""
        if not isinstance(other.value, dict):
            text = "<< takes a map: an alias of one, such as <<: *name."
            self._errors.append(other.error("merge", text))
            return
        for name, value in other.value.items():
            if name not in values:
                values[name] = value
                node.keys[name] = other.keys[name]


def _is_plain(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and not event.style


def _if_cut(node: Node) -> Node | None:
    """Return the node if it is a text with an open bracket; otherwise None."""
    text = node.value
    is_cut = isinstance(text, str) and text.count("(") > text.count(")")
    return node if is_cut else None


def scalar(text: str) -> Any:
    """Return the value of a scalar without quotes by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _MAY_BE_NUMBER:
        if len(text) <= _DIGITS_MAX and _WHOLE.fullmatch(text):
            return int(text)
        is_short = len(text) <= 2 * _DIGITS_MAX and not text.isdecimal()
        if is_short and _FRACTION.fullmatch(text):
            return float(text)
    return text
