"""ActionSpec: what the language knows of an action: its name, its arguments, their errors."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from emulator.scenario.language.values.kinds import Noun


class ActionSpec(BaseModel):
    """Its arguments are its fields.

    `example` is a step in YAML; `before` are the steps that it needs above it. `makes` are the
    fields that name new things of a noun. `may_last`: the step may say `for`; an action that
    `must_last` is refused without. `shorthand` is the field that an argument which is no map stands
    for. `is_joined`: what it does at an instant is one change of the world with what others like it
    do then.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    example: ClassVar[str]
    before: ClassVar[tuple[str, ...]] = ()
    makes: ClassVar[dict[str, Noun]] = {}
    may_last: ClassVar[bool] = False
    must_last: ClassVar[bool] = False
    is_joined: ClassVar[bool] = False
    shorthand: ClassVar[str] = ""
    # When what an action expects must hold (`language/scenario.Holds`).
    holds: ClassVar[Literal["at the end", "throughout", "never"]] = "at the end"

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        """What stands behind the action's name, as this model's fields."""
        if cls.shorthand and not isinstance(plain, dict):
            return {cls.shorthand: plain}
        return {} if plain is None else plain

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        """What no type can say: where in the arguments, a rule's name, and a sentence."""
        return iter(())

    def asks(self) -> Iterator[tuple[tuple[int | str, ...], str, Any]]:
        """The facts that it asks for: where in the arguments, a path, a condition."""
        return iter(())

    def files(self) -> tuple[str, ...]:
        """Texts beside the scenario that it needs, by their names."""
        return ()

    def films(self) -> tuple[str, ...]:
        """Files beside the scenario that it needs and that are no texts, by their names."""
        return ()

    def problems_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG002 -- most read none
        """What is wrong with those files, by their names: a sentence each."""
        return iter(())

    def users_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG002 -- most read none
        """The usernames in those files, which have no problems."""
        return iter(())
