"""Load: from files to a scenario that can be played, or to all of its errors at once."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from emulator.core import quantities
from emulator.scenario.actions.expect import problems as expectation_problems
from emulator.scenario.language import names, tree
from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.checked import checked
from emulator.scenario.language.errors import ErrorList, InputError, InvalidScenario, meant
from emulator.scenario.language.names import Names
from emulator.scenario.language.scenario import Expectation, Holds, On, Param, Place, Scenario
from emulator.scenario.language.steps import STEPS_MAX, Steps
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values import params
from emulator.scenario.language.values.filling import Filling
from emulator.scenario.language.worlds import WorldPart

KEYS = (
    "scenario",
    "about",
    "version",
    "seed",
    "params",
    "lasts",
    "world",
    "begins",
    "timeline",
    "expect",
    "throughout",
    "never",
)
# Parts of a file that ask for facts of the whole run.
_HOLDS: dict[str, Holds] = {
    "expect": "at the end",
    "throughout": "throughout",
    "never": "never",
}
VERSION = 1
INCLUDES_MAX = 100
_SEED_MAX = 2**53
_YEAR_MAX = 2999

# Gives the text of a file beside the scenario. Refuses (`ValueError`) one that may not be read.
ReadFile = Callable[[str], str]
# Refuses (`ValueError`) a film that is not there, or may not be sent.
CheckFilm = Callable[[str], None]


class Known(Struct, frozen=True):
    """What the seed brings: names that a scenario may use without making them."""

    users: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


def no_files(name: str) -> str:
    """For a scenario that stands alone."""
    raise ValueError(f"{name[:80]} cannot be read: this scenario came without files")


def any_film(_: str) -> None:
    """For a caller that cannot know which films there are: the run will find out."""


def load(
    text: str,
    file: str,
    *,
    chosen: Mapping[str, Any] | None = None,
    read_file: ReadFile = no_files,
    check_film: CheckFilm = any_film,
    known: Known | None = None,
    seed: int | None = None,
) -> Scenario:
    """The scenario in `text`, with these parameters. Refuses (`InvalidScenario`) all that is wrong.

    About 60 µs a step.
    """
    with _no_garbage():
        loading = _Loading(file, read_file, check_film, known or Known())
        return loading.load(text, chosen or {}, seed)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Looking for garbage among 100,000 new nodes, of which none is, takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Loading(Struct):
    """One loading. What included files say is added to what the first one says."""

    file: str
    read_file: ReadFile
    check_film: CheckFilm
    known: Known
    errors: ErrorList = field(default_factory=ErrorList)
    worlds: list[tuple[WorldPart, Node]] = field(default_factory=list)
    expected: list[tuple[Expectation, Node]] = field(default_factory=list)
    step_nodes: list[Node] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    included: int = 0

    def load(self, text: str, chosen: Mapping[str, Any], seed: int | None) -> Scenario:
        self.names.users |= self.known.users
        self.names.categories |= self.known.categories
        root = tree.read(text, self.file)
        steps = Steps(self.errors)
        declared, values = self._file(root, chosen, steps, (self.file,))
        steps.finish()
        self.names.steps |= steps.numbers.keys()
        self._check_names(steps)
        self._read_files(steps)
        world = self._world()
        lasts_ms, is_endless = self._lasts(root)
        scenario = Scenario(
            name=self._text(root, "scenario", is_needed=True),
            about=self._text(root, "about"),
            file=self.file,
            seed=self._seed(root) if seed is None else seed,
            params=declared,
            values=values,
            world=world,
            steps=tuple(steps.steps),
            expectations=tuple(expectation for expectation, _ in self.expected),
            lasts_ms=lasts_ms,
            is_endless=is_endless,
            begins_ms=self._begins(root),
            files=self.files,
            text=text,
        )
        if not self.errors:
            from emulator.scenario.engine.schedule import check

            self.errors.extend(check(scenario))
        if self.errors:
            raise InvalidScenario(self.errors)
        return scenario

    def _file(
        self, root: Node, chosen: Mapping[str, Any], steps: Steps, chain: tuple[str, ...]
    ) -> tuple[dict[str, Param], dict[str, Any]]:
        """One file's parameters, after its world, steps and expectations were read."""
        if not isinstance(root.value, dict):
            self._note(root, "scenario", "A scenario begins with `scenario:` and its name.")
            return {}, {}
        for key in root.value:
            if key not in KEYS and not key.startswith("x-"):
                text = f"{key[:40]} is not known here{meant(key, KEYS)}"
                self.errors.append(root.error_at_key(key, "unknown-key", text))
        version = root.value.get("version")
        if version is not None and version.value != VERSION:
            self._note(version, "version", f"This program reads version {VERSION}.")
        declared = params.read(root.value.get("params"), self.errors)
        values = params.choose(declared, chosen, root, self.errors)
        timeline = _list(root, "timeline", self.errors)
        self.names.saved |= set(_saved(timeline))
        filling = Filling(values, self.names.saved, self.errors)
        self._read_world(root, filling)
        for node in timeline:
            self._entry(node, filling, steps, chain)
        for key, holds in _HOLDS.items():
            self._read_expectations(root.value.get(key), holds, filling)
        return declared, values

    def _entry(self, node: Node, filling: Filling, steps: Steps, chain: tuple[str, ...]) -> None:
        """One entry of a timeline: a step, or the steps of another file."""
        if len(steps.steps) >= STEPS_MAX:
            if len(steps.steps) == STEPS_MAX:
                text = f"A scenario has at most {STEPS_MAX} steps."
                self.errors.append(node.error("too-large", text))
            return
        if isinstance(node.value, dict) and "include" in node.value:
            self._include(node, filling, steps, chain)
            return
        before = len(steps.steps)
        steps.add(node, filling)
        if len(steps.steps) > before:
            self.step_nodes.append(node)
            action = steps.steps[-1].action
            for field_name, noun in action.makes.items():
                self.names.of(noun).update(_texts(getattr(action, field_name)))
                if noun == "vod":
                    self.names.vods.update(_texts(getattr(action, field_name)))

    def _include(self, node: Node, filling: Filling, steps: Steps, chain: tuple[str, ...]) -> None:
        """`include: FILE`, with `at` (its times count from there) and `with` (its parameters)."""
        for key in node.value:
            if key not in ("include", "at", "with") and not key.startswith("x-"):
                text = f"{key[:40]} is not known beside include{meant(key, ('at', 'with'))}"
                self.errors.append(node.error_at_key(key, "unknown-key", text))
        name = filling.plain(node.value["include"])
        chosen = filling.plain(node.value["with"]) if "with" in node.value else {}
        root = self._included(name, node.value["include"], chain)
        if not isinstance(chosen, dict):
            self._note(node.at(("with",)), "type", "Write parameters here: {peak: 9}.")
        elif root is not None:
            shift_ms = self._shift(node, filling)
            steps.shift_ms += shift_ms
            self._file(root, chosen, steps, (*chain, name))
            steps.shift_ms -= shift_ms

    def _included(self, name: Any, where: Node, chain: tuple[str, ...]) -> Node | None:
        """What an included file says; None where it cannot be read."""
        self.included += 1
        if not isinstance(name, str):
            self._note(where, "include", "Write a file's name here.")
        elif name in chain:
            text = f"{name} includes itself: {' -> '.join((*chain, name))}."
            self._note(where, "include", text)
        elif self.included > INCLUDES_MAX:
            self._note(where, "include", f"At most {INCLUDES_MAX} files are included.")
        else:
            try:
                self.files[name] = self.read_file(name)
                return tree.read(self.files[name], name)
            except ValueError as error:
                self._note(where, "include", f"{error}.")
            except InvalidScenario as invalid:
                self.errors.extend(invalid.errors)
        return None

    def _shift(self, node: Node, filling: Filling) -> int:
        if "at" not in node.value:
            return 0
        try:
            return quantities.duration_ms(str(filling.plain(node.value["at"])))
        except ValueError as error:
            self._note(node.at(("at",)), "value", f"at: {error}.")
            return 0

    def _read_world(self, root: Node, filling: Filling) -> None:
        node = root.value.get("world")
        if node is None or node.value is None:
            return
        plain = filling.plain(node)
        # Also of a world with an error in it: one wrong word is not a hundred unknown names.
        self.names.users |= set(_named(plain, "users", "name"))
        self.names.streams |= set(_named(plain, "streams", "name"))
        self.names.categories |= set(_named(plain, "categories", "slug"))
        part = checked(WorldPart, plain, node, self.errors, "the world")
        if part is None:
            return
        self.worlds.append((part, node))
        if part.seed == "none":
            self.names.users -= self.known.users - {"demo"} - {user.name for user in part.users}
            self.names.categories -= self.known.categories - {c.slug for c in part.categories}
        for number, stream in enumerate(part.streams):
            place = node.at(("streams", number))
            needed = [word for word in ("owner", "title") if getattr(stream, word) is None]
            if stream.existing is None and needed:
                text = f"the stream {stream.name} needs {' and '.join(needed)}, or existing."
                self._note(place, "missing", text)

    def _read_expectations(self, node: Node | None, holds: Holds, filling: Filling) -> None:
        """Facts of the whole run: a map, or a list of maps."""
        if node is None or node.value is None:
            return
        for part in node.value if isinstance(node.value, list) else [node]:
            if isinstance(part.value, dict):
                self._read_facts(part, holds, filling)
            else:
                self._note(part, "type", "Write facts here, such as stream.launch.status: live.")

    def _read_facts(self, node: Node, holds: Holds, filling: Filling) -> None:
        for path, inner in node.value.items():
            raw = filling.plain(inner)
            for _, rule, message in expectation_problems(path, raw):
                self.errors.append(node.error_at_key(path, rule, message))
            line, column = node.keys[path]
            place = Place(node.file, line, column)
            at = Node(node.file, line, column, inner.value, inner.keys)
            self.expected.append((Expectation(path, raw, place, holds), at))

    def _check_names(self, steps: Steps) -> None:
        for part, node in self.worlds:
            names.check(part, node, self.names, self.errors)
        for step, node in zip(steps.steps, self.step_nodes, strict=True):
            arguments = node.value[step.action.name]
            names.check(step.action, arguments, self.names, self.errors)
            if isinstance(step.trigger, On):
                where = node.value["on"].at((step.trigger.event,))
                names.check_filter(step.trigger, where, self.names, self.errors)
            for place, path, raw in step.action.asks():
                names.check_path(path, raw, arguments.at_key(place), self.names, self.errors)
            for path, raw in step.facts_if:
                where = node.value["if"].at_key((path,))
                names.check_path(path, raw, where, self.names, self.errors)
        for expectation, node in self.expected:
            path, raw = expectation.path, expectation.condition
            names.check_path(path, raw, node, self.names, self.errors)

    def _read_files(self, steps: Steps) -> None:
        """Texts and films that actions speak of by a file's name."""
        for step, node in zip(steps.steps, self.step_nodes, strict=True):
            arguments = node.value[step.action.name]
            for name in step.action.files():
                self._read_file(name, step.action, arguments)
            for name in step.action.films():
                try:
                    self.check_film(name)
                except ValueError as error:
                    self._note(arguments.at(("file",)), "file", f"{error}.")

    def _read_file(self, name: str, action: ActionSpec, node: Node) -> None:
        try:
            if name not in self.files:
                self.files[name] = self.read_file(name)
        except ValueError as error:
            self._note(node, "file", f"{error}.")
            return
        wrong = list(action.problems_in_files(self.files))
        for message in wrong:
            self._note(node, "file", message)
        for user in () if wrong else action.users_in_files(self.files):
            if user not in self.names.users:
                text = f"{name}: there is no user {user}{meant(user, self.names.users)}"
                self._note(node, "unknown-user", text)

    def _world(self) -> WorldPart:
        parts = [part for part, _ in self.worlds]
        if len(parts) <= 1:
            return parts[0] if parts else WorldPart()
        return WorldPart(
            seed="none" if parts[0].seed == "none" else "default",
            users=_by_name([user for part in parts for user in part.users]),
            streams=_by_name([stream for part in parts for stream in part.streams]),
            categories=_by_name([category for part in parts for category in part.categories]),
            rules=parts[0].rules,
        )

    def _lasts(self, root: Node) -> tuple[int | None, bool]:
        node = root.value.get("lasts") if isinstance(root.value, dict) else None
        if node is None:
            return None, False
        if node.value == "forever":
            return None, True
        try:
            return quantities.duration_ms(str(node.value)), False
        except ValueError as error:
            self._note(node, "value", f"lasts: {error}, or forever.")
            return None, False

    def _begins(self, root: Node) -> int | None:
        """`begins: 2026-03-06 18:00`, UTC where nothing else is said."""
        node = root.value.get("begins") if isinstance(root.value, dict) else None
        if node is None:
            return None
        try:
            begins = datetime.fromisoformat(str(node.value))
        except ValueError:
            self._note(node, "value", "Write a date here, such as 2026-03-06 or 2026-03-06T18:00Z.")
            return None
        if begins.tzinfo is None:
            begins = begins.replace(tzinfo=UTC)
        if not 2000 <= begins.year <= _YEAR_MAX:
            self._note(node, "value", f"begins is in the years 2000 to {_YEAR_MAX}.")
            return None
        return int(begins.timestamp() * 1000)

    def _text(self, root: Node, key: str, *, is_needed: bool = False) -> str:
        node = root.value.get(key) if isinstance(root.value, dict) else None
        if node is None:
            if is_needed and isinstance(root.value, dict):
                self._note(root, "missing", f"Add a line {key}: and the scenario's name.")
            return ""
        if not isinstance(node.value, str) or not node.value.strip():
            self._note(node, "type", f"{key} is a text.")
            return ""
        return " ".join(node.value.split())

    def _seed(self, root: Node) -> int:
        node = root.value.get("seed") if isinstance(root.value, dict) else None
        if node is None:
            return 1
        if not isinstance(node.value, int) or not 0 <= node.value <= _SEED_MAX:
            self._note(node, "type", "seed is a whole number.")
            return 1
        return node.value

    def _note(self, node: Node, rule: str, message: str) -> None:
        self.errors.append(node.error(rule, message))


def _list(root: Node, key: str, errors: list[InputError]) -> list[Node]:
    node = root.value.get(key)
    if node is None or node.value is None:
        return []
    if not isinstance(node.value, list):
        text = f"{key} is a list of steps: lines that begin with a dash."
        errors.append(node.error("type", text))
        return []
    return node.value


def _saved(timeline: list[Node]) -> Iterator[str]:
    """The names under which `http.request` will save something."""
    for node in timeline:
        if isinstance(node.value, dict) and "http.request" in node.value:
            saved = node.at(("http.request", "save")).value
            if isinstance(saved, dict):
                yield from saved


def _named(world: Any, part: str, key: str) -> Iterator[str]:
    """The names in one part of a world that may still be wrong in any way."""
    result = world.get(part) if isinstance(world, dict) else None
    for item in result if isinstance(result, list) else ():
        if isinstance(item, dict) and isinstance(item.get(key), str):
            yield item[key]


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _by_name(parts: list[Any]) -> list[Any]:
    """Each name once: two files with one name mean one user."""
    return list({getattr(part, "slug", None) or part.name: part for part in parts}.values())
