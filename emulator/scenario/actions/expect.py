"""`expect`, `throughout`, `never`: facts that must hold once, all the time, or never."""

from collections.abc import Iterator
from typing import Any, ClassVar

from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.facts import registry
from emulator.scenario.language.errors import ended


class Expect(Action):
    """Expect facts to hold now, or `within` a time. A miss fails the run.

    A list of maps asks for one fact more than once.
    """

    name: ClassVar[str] = "expect"
    example: ClassVar[str] = "expect: {stream.launch.status: live}"
    before: ClassVar[tuple[str, ...]] = ("stream.start: {stream: launch}",)

    facts: dict[str, Any] | list[dict[str, Any]]

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        return {"facts": plain}

    def asks(self) -> Iterator[tuple[tuple[int | str, ...], str, Any]]:
        if isinstance(self.facts, dict):
            yield from (((path,), path, raw) for path, raw in self.facts.items())
            return
        for number, facts in enumerate(self.facts):
            yield from (((number, path), path, raw) for path, raw in facts.items())

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        is_empty = True
        for place, path, raw in self.asks():
            is_empty = False
            for _, rule, message in problems(path, raw):
                yield place, rule, message
        if is_empty:
            yield (), "missing", "Write facts here, such as stream.launch.status: live."

    def run(self, context: RunContext) -> None:
        """Do nothing: `engine/step_run` watches the facts until they are judged."""


class Throughout(Expect):
    """Expect facts to hold all the time from now on: during `for`, or until the run ends.

    They are checked whenever something happens. A miss fails the run.
    """

    name: ClassVar[str] = "throughout"
    example: ClassVar[str] = "throughout: {stream.launch.status: live}"
    before: ClassVar[tuple[str, ...]] = ("stream.start: {stream: launch}",)
    may_last: ClassVar[bool] = True
    holds = "throughout"


class Never(Expect):
    """Expect facts never to hold from now on: during `for`, or until the run ends.

    They are checked whenever something happens. A miss fails the run.
    """

    name: ClassVar[str] = "never"
    example: ClassVar[str] = "{never: {stream.launch.viewers: {above: 100}}, for: 2m}"
    may_last: ClassVar[bool] = True
    holds = "never"


def problems(path: str, raw: Any) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """Yield the errors of one expectation."""
    try:
        fact, _, _ = registry.find(path)
    except ValueError as error:
        yield (path,), "unknown-fact", str(error)
        return
    try:
        fact.condition(raw)
    except ValueError as error:
        yield (path,), "condition", ended(f"{path}: {error}")
