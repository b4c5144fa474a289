"""`expect`: what must be true now, or become true `within` a time."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from emulator.scenario.actions.action import Action
from emulator.scenario.facts import registry
from emulator.scenario.language.mistakes import ended
from emulator.scenario.stage import Stage


class Expect(Action):
    """Say what must be true now, or become true `within` a time. A miss fails the run."""

    name: ClassVar[str] = "expect"
    example: ClassVar[str] = "expect: {stream.launch.status: live}"
    before: ClassVar[tuple[str, ...]] = ("stream.start: {stream: launch}",)

    facts: dict[str, Any] = Field(min_length=1)

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        return {"facts": plain}

    def wrong(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        for path, raw in self.facts.items():
            yield from wrong(path, raw)

    def run(self, stage: Stage) -> None:
        """Nothing: `play/turns` watches until it is met, or its time is over."""


def wrong(path: str, raw: Any) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """What is wrong with one expectation."""
    try:
        fact, _, _ = registry.find(path)
    except ValueError as error:
        yield (path,), "unknown-fact", str(error)
        return
    try:
        fact.condition(raw)
    except ValueError as error:
        yield (path,), "condition", ended(f"{path}: {error}")
