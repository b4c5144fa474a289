"""Sources: a scenario's files, with includes followed and parameters replaced.

The result are nodes of plain values that have their places in the files.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from emulator.core import quantities
from emulator.scenario.language import tree
from emulator.scenario.language.errors import ErrorList, InvalidScenario, meant
from emulator.scenario.language.scenario import Holds, Param
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values import params
from emulator.scenario.language.values.filling import Filling

KEYS = (
    *("scenario", "about", "version", "seed", "params", "lasts", "world", "begins", "timeline"),
    *("expect", "throughout", "never"),
)
# Keys of a file with expectations of the whole run.
_HOLDS: dict[str, Holds] = {
    "expect": "at the end",
    "throughout": "throughout",
    "never": "never",
}
INCLUDES_MAX = 100
STEPS_MAX = 10_000

# Gives the text of a file in the scenario's folder. Refuses (`ValueError`) one that may not be
# read.
ReadFile = Callable[[str], str]


class Sources(Struct):
    """The contents of all files.

    `steps` have how many milliseconds an include moves them. `saved` are the names under which
    steps with `http.request` will save values.
    """

    read_file: ReadFile
    errors: ErrorList
    worlds: list[Node] = field(default_factory=list)
    steps: list[tuple[Node, int]] = field(default_factory=list)
    expectations: list[tuple[Node, Holds]] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    included: int = 0

    def read(
        self, root: Node, chosen: Mapping[str, Any], chain: tuple[str, ...], shift_ms: int = 0
    ) -> tuple[dict[str, Param], dict[str, Any]]:
        """Read one file and those that it includes; return its parameters and their values."""
        if not isinstance(root.value, dict):
            self._note(root, "scenario", "A scenario begins with `scenario:` and its name.")
            return {}, {}
        self._check_keys(root, KEYS)
        declared = params.read(root.value.get("params"), self.errors)
        values = params.choose(declared, chosen, root, self.errors)
        timeline = self._timeline(root)
        self.saved |= set(_saved(timeline))
        filling = Filling(values, self.saved, self.errors)
        if (world := root.value.get("world")) is not None and world.value is not None:
            self.worlds.append(filling.fill(world))
        for node in timeline:
            self._entry(filling.fill_step(node), chain, shift_ms)
        for key, holds in _HOLDS.items():
            if (facts := root.value.get(key)) is not None and facts.value is not None:
                self.expectations.append((filling.fill(facts), holds))
        return declared, values

    def _check_keys(self, node: Node, known: tuple[str, ...]) -> None:
        for key in node.value:
            if key not in known and not key.startswith("x-"):
                text = f"{key[:40]} is not known here{meant(key, known)}"
                self.errors.append(node.error_at_key(key, "unknown-key", text))

    def _timeline(self, root: Node) -> list[Node]:
        node = root.value.get("timeline")
        if node is None or node.value is None:
            return []
        if not isinstance(node.value, list):
            self._note(node, "type", "timeline is a list of steps: lines that begin with a dash.")
            return []
        return node.value

    def _entry(self, node: Node, chain: tuple[str, ...], shift_ms: int) -> None:
        """Read one item of a timeline: a step, or an include of another file's steps."""
        if isinstance(node.value, dict) and "include" in node.value:
            self._include(node, chain, shift_ms)
        elif len(self.steps) < STEPS_MAX:
            self.steps.append((node, shift_ms))
        else:
            text = f"A scenario has at most {STEPS_MAX} steps."
            raise InvalidScenario([*self.errors, node.error("too-large", text)])

    def _include(self, node: Node, chain: tuple[str, ...], shift_ms: int) -> None:
        """Read `include: FILE`, with `at`, the start of its times, and `with`, its parameters."""
        self._check_keys(node, ("include", "at", "with"))
        name = node.value["include"].value
        chosen = node.value["with"].plain() if "with" in node.value else {}
        root = self._included(node.value["include"], chain)
        if not isinstance(chosen, dict):
            self._note(node.at(("with",)), "type", "Write parameters here: {peak: 9}.")
        elif root is not None:
            self.read(root, chosen, (*chain, name), shift_ms + self._shift(node))

    def _included(self, node: Node, chain: tuple[str, ...]) -> Node | None:
        """Return the tree of an included file; None where it cannot be read."""
        self.included += 1
        name = node.value
        if not isinstance(name, str):
            self._note(node, "include", "Write a file's name here.")
        elif name in chain:
            text = f"{name} includes itself: {' -> '.join((*chain, name))}."
            self._note(node, "include", text)
        elif self.included > INCLUDES_MAX:
            self._note(node, "include", f"At most {INCLUDES_MAX} files are included.")
        else:
            try:
                self.files[name] = self.read_file(name)
                return tree.read(self.files[name], name)
            except ValueError as error:
                self._note(node, "include", f"{error}.")
            except InvalidScenario as invalid:
                self.errors.extend(invalid.errors)
        return None

    def _shift(self, node: Node) -> int:
        if "at" not in node.value:
            return 0
        try:
            return quantities.duration_ms(str(node.value["at"].plain()))
        except ValueError as error:
            self._note(node.at(("at",)), "value", f"at: {error}.")
            return 0

    def _note(self, node: Node, rule: str, message: str) -> None:
        self.errors.append(node.error(rule, message))


def _saved(timeline: list[Node]) -> Iterator[str]:
    for node in timeline:
        if isinstance(node.value, dict) and "http.request" in node.value:
            saved = node.at(("http.request", "save")).value
            if isinstance(saved, dict):
                yield from saved
