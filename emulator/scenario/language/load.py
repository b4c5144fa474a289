"""Load: from files to a scenario that can be played, or to all of its errors at once.

A file is parsed (`tree`), its includes and parameters are resolved (`sources`), then it is
validated here.
"""

import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct, field

from emulator.scenario.actions.expect import problems as expectation_problems
from emulator.scenario.language import names, tree
from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.checked import checked
from emulator.scenario.language.errors import ErrorList, InvalidScenario, meant
from emulator.scenario.language.head import Head
from emulator.scenario.language.names import Names
from emulator.scenario.language.scenario import Expectation, Holds, On, Place, Scenario, Step
from emulator.scenario.language.sources import ReadFile, Sources
from emulator.scenario.language.steps import Steps
from emulator.scenario.language.tree import Node
from emulator.scenario.language.worlds import StreamPart, WorldPart
from emulator.world.rules import RulesConfig

# Refuses (`ValueError`) a film that does not exist or may not be sent.
CheckFilm = Callable[[str], None]


class Known(Struct, frozen=True):
    """The names in the seed, which a scenario may use without creating them.

    `operations` returns the API's operations, such as `POST /streams`; without it the operations
    that faults name are not checked. `streams_per_user` is the world's rule, 0 for no limit.
    """

    users: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    operations: Callable[[], Collection[str]] | None = None
    streams_per_user: int = RulesConfig().streams_per_user


def no_files(name: str) -> str:
    """Refuse to read any file; for a scenario that came without files."""
    raise ValueError(f"{name[:80]} cannot be read: this scenario came without files")


def any_film(_: str) -> None:
    """Accept every film; for a caller that cannot check: the run will find a missing one."""


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
    """Return the scenario in `text` with these parameters; this takes about 60 µs a step.

    Refuses (`InvalidScenario`) with everything that is wrong.
    """
    with _no_garbage():
        root = tree.read(text, file)
        sources = Sources(read_file, ErrorList())
        declared, values = sources.read(root, chosen or {}, (file,))
        if not isinstance(root.value, dict):
            raise InvalidScenario(sources.errors)
        validation = _Validation(sources, check_film, known or Known(), sources.errors)
        world, steps, expectations = validation.run()
        inner = root.value.items()
        plain = {key: node.plain() for key, node in inner if key in Head.model_fields}
        head = checked(Head, plain, root, sources.errors, "A scenario")
        if head is None or sources.errors:
            raise InvalidScenario(sources.errors)
        scenario = Scenario(
            name=head.scenario,
            about=head.about,
            file=file,
            seed=head.seed if seed is None else seed,
            params=declared,
            values=values,
            world=world,
            steps=steps,
            expectations=expectations,
            lasts_ms=head.lasts or None,
            is_endless=head.lasts is None,
            begins_ms=head.begins,
            files=sources.files,
            places=validation.places,
            text=text,
        )
        # Imported here, because the engine imports the language, not the other way round.
        from emulator.scenario.engine.schedule import check

        if wrong := check(scenario):
            raise InvalidScenario(wrong)
        return scenario


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Switch off the garbage collector, which takes half of the time.

    It would search 100,000 new nodes, none of which is garbage.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Validation(Struct):
    """The checks of all files: each part by itself first, then the names that it uses."""

    sources: Sources
    check_film: CheckFilm
    known: Known
    errors: ErrorList
    worlds: list[tuple[WorldPart, Node]] = field(default_factory=list)
    expected: list[tuple[Expectation, Node]] = field(default_factory=list)
    step_nodes: list[Node] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def run(self) -> tuple[WorldPart, tuple[Step, ...], tuple[Expectation, ...]]:
        self.names.users |= self.known.users
        self.names.categories |= self.known.categories
        self.names.saved |= self.sources.saved
        for node in self.sources.worlds:
            self._read_world(node)
        self._check_room()
        steps = Steps(self.errors)
        for node, shift_ms in self.sources.steps:
            self._read_step(node, shift_ms, steps)
        steps.finish()
        self.names.steps |= steps.numbers.keys()
        for node, holds in self.sources.expectations:
            self._read_expectations(node, holds)
        self._check_names(steps.steps)
        self._read_files(steps.steps)
        expectations = tuple(expectation for expectation, _ in self.expected)
        return _merged([part for part, _ in self.worlds]), tuple(steps.steps), expectations

    def _read_world(self, node: Node) -> None:
        plain = node.plain()
        # Names count even if their world has an error: one wrong word must not make a hundred
        # unknown names.
        self.names.users |= set(_named(plain, "users", "name"))
        self.names.streams |= set(_named(plain, "streams", "name"))
        self.names.categories |= set(_named(plain, "categories", "slug"))
        part = checked(WorldPart, plain, node, self.errors, "the world")
        if part is None:
            return
        self.worlds.append((part, node))
        self._note_places(part, node)
        self._check_twice(part, node)
        if part.seed == "none":
            self.names.users -= self.known.users - {"demo"} - {user.name for user in part.users}
            self.names.categories -= self.known.categories - {c.slug for c in part.categories}
        for number, user in enumerate(part.users):
            if user.name in user.follows:
                place = node.at(("users", number, "follows", user.follows.index(user.name)))
                self._note(place, "value", f"{user.name} cannot follow {user.name}.")
        for number, stream in enumerate(part.streams):
            needed = [word for word in ("owner", "title") if getattr(stream, word) is None]
            if stream.existing is None and needed:
                text = f"the stream {stream.name} needs {' and '.join(needed)}, or existing."
                self._note(node.at(("streams", number)), "missing", text)

    def _note_places(self, part: WorldPart, node: Node) -> None:
        """Note the place of each thing of a world by its list and name, for the run's errors."""
        for list_name, items in (
            ("users", [user.name for user in part.users]),
            ("streams", [stream.name for stream in part.streams]),
            ("categories", [category.slug for category in part.categories]),
        ):
            for number, name in enumerate(items):
                at = node.at((list_name, number))
                self.places[list_name, name] = Place(at.file, at.line, at.column)

    def _check_room(self) -> None:
        """Add an error for each stream that its owner may not have in addition to the others."""
        if not self.worlds:
            return
        rule = self.worlds[0][0].rules.streams_per_user
        most = self.known.streams_per_user if rule is None else rule
        first: dict[str, tuple[StreamPart, Node]] = {}
        counts: dict[str, set[str]] = {}
        for part, node in self.worlds:
            for number, stream in enumerate(part.streams):
                if stream.owner is None or stream.existing is not None:
                    continue
                place = node.at(("streams", number, "owner"))
                other, where = first.setdefault(stream.owner, (stream, place))
                names = counts.setdefault(stream.owner, set())
                names.add(stream.name)
                if len(names) > most > 0:
                    text = (
                        f"{stream.owner} has the stream {other.name} already, in line {where.line},"
                        f" and a user may have {most} that have not ended. Write rules:"
                        " {streams_per_user: 0} in the world for no limit."
                    )
                    self._note(place, "too-many", text)

    def _check_twice(self, part: WorldPart, node: Node) -> None:
        """Add an error for each user, stream and category that this world has twice."""
        lists: tuple[tuple[str, str, str, list[Any]], ...] = (
            ("users", "name", "user", part.users),
            ("streams", "name", "stream", part.streams),
            ("categories", "slug", "category", part.categories),
        )
        for list_name, key, noun, items in lists:
            first: dict[str, Node] = {}
            for number, item in enumerate(items):
                place = node.at((list_name, number, key))
                name = getattr(item, key)
                if name in first:
                    line = first[name].line
                    text = f"There is a {noun} {name} already, in line {line}."
                    self._note(place, "twice", text)
                first.setdefault(name, place)

    def _read_step(self, node: Node, shift_ms: int, steps: Steps) -> None:
        step = steps.add(node, shift_ms)
        if step is None:
            return
        self.step_nodes.append(node)
        for field_name, noun in step.action.makes.items():
            values = set(_texts(getattr(step.action, field_name)))
            self.names.of(noun).update(values)
            if noun == "vod":
                self.names.vods |= values

    def _read_expectations(self, node: Node, holds: Holds) -> None:
        """Read the expectations of the whole run: a map of facts, or a list of such maps."""
        for part in node.value if isinstance(node.value, list) else [node]:
            if isinstance(part.value, dict):
                self._read_facts(part, holds)
            else:
                self._note(part, "type", "Write facts here, such as stream.launch.status: live.")

    def _read_facts(self, node: Node, holds: Holds) -> None:
        for path, inner in node.value.items():
            raw = inner.plain()
            for _, rule, message in expectation_problems(path, raw):
                self.errors.append(node.error_at_key(path, rule, message))
            line, column = node.keys[path]
            place = Place(node.file, line, column)
            at = Node(node.file, line, column, inner.value, inner.keys)
            self.expected.append((Expectation(path, raw, place, holds), at))

    def _check_names(self, steps: list[Step]) -> None:
        for part, node in self.worlds:
            names.check(part, node, self.names, self.errors)
        for step, node in zip(steps, self.step_nodes, strict=True):
            self._check_names_of_step(step, node)
        for expectation, node in self.expected:
            path, raw = expectation.path, expectation.condition
            names.check_path(path, raw, node, self.names, self.errors)

    def _check_names_of_step(self, step: Step, node: Node) -> None:
        arguments = node.value[step.action.name]
        names.check(step.action, arguments, self.names, self.errors)
        if self.known.operations is not None:
            for message in step.action.unknown_names(self.known.operations):
                self._note(arguments, "unknown-name", message)
        if isinstance(step.trigger, On):
            where = node.value["on"].at((step.trigger.event,))
            names.check_filter(step.trigger, where, self.names, self.errors)
        for place, path, raw in step.action.asks():
            names.check_path(path, raw, arguments.at_key(place), self.names, self.errors)
        for path, raw in step.facts_if:
            where = node.value["if"].at_key((path,))
            names.check_path(path, raw, where, self.names, self.errors)

    def _read_files(self, steps: list[Step]) -> None:
        """Read the texts, and check the films, that actions refer to by a file's name."""
        for step, node in zip(steps, self.step_nodes, strict=True):
            arguments = node.value[step.action.name]
            for name in step.action.files():
                self._read_file(name, step.action, arguments)
            for name in step.action.films():
                try:
                    self.check_film(name)
                except ValueError as error:
                    self._note(arguments.at(("file",)), "file", f"{error}.")

    def _read_file(self, name: str, action: ActionSpec, node: Node) -> None:
        files = self.sources.files
        try:
            if name not in files:
                files[name] = self.sources.read_file(name)
        except ValueError as error:
            self._note(node, "file", f"{error}.")
            return
        wrong = list(action.problems_in_files(files))
        for message in wrong:
            self._note(node, "file", message)
        for user in () if wrong else action.users_in_files(files):
            if user not in self.names.users:
                text = f"{name}: there is no user {user}{meant(user, self.names.users)}"
                self._note(node, "unknown-user", text)

    def _note(self, node: Node, rule: str, message: str) -> None:
        self.errors.append(node.error(rule, message))


def _merged(parts: list[WorldPart]) -> WorldPart:
    """Merge the worlds of all files into one."""
    if len(parts) <= 1:
        return parts[0] if parts else WorldPart()
    return WorldPart(
        seed="none" if parts[0].seed == "none" else "default",
        users=_by_name([user for part in parts for user in part.users]),
        streams=_by_name([stream for part in parts for stream in part.streams]),
        categories=_by_name([category for part in parts for category in part.categories]),
        rules=parts[0].rules,
    )


def _by_name(parts: list[Any]) -> list[Any]:
    """Keep one part for each name: two files with the same name mean the same user."""
    return list({getattr(part, "slug", None) or part.name: part for part in parts}.values())


def _named(world: Any, part: str, key: str) -> Iterator[str]:
    """Yield the names in one part of a world that is not checked yet."""
    result = world.get(part) if isinstance(world, dict) else None
    for item in result if isinstance(result, list) else ():
        if isinstance(item, dict) and isinstance(item.get(key), str):
            yield item[key]


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value is not None else []
