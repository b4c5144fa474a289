"""ActionSpec: the definition of an action in the language: its name, arguments and errors."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from emulator.scenario.language.values.kinds import Noun


class ActionSpec(BaseModel):
    """The definition of an action; the model's fields are the action's arguments.

    `example` is a step in YAML; `before` are the steps that must come before it. `makes` maps
    fields that name new things to the noun of those things. `may_last`: the step may say `for`;
    with `must_last` it is refused without. An argument that is not a map is the value of the field
    `shorthand`. `is_joined`: at one instant, all actions of this class are continued in one
    change of the world, which `Action.finish_joined` ends.
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
    # When the expectation of an action must hold (`language/scenario.Holds`).
    holds: ClassVar[Literal["at the end", "throughout", "never"]] = "at the end"

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        """Return the value of the action's key in the file, as a map of this model's fields."""
        if cls.shorthand and not isinstance(plain, dict):
            return {cls.shorthand: plain}
        return {} if plain is None else plain

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        """Yield errors that types cannot express: a path in the arguments, a rule, a sentence."""
        return iter(())

    def unknown_names(self, operations: Callable[[], Collection[str]]) -> Iterator[str]:  # noqa: ARG002 -- most name none
        """Yield a sentence for each name that the API does not have; `operations` are its own."""
        return iter(())

    def asks(self) -> Iterator[tuple[tuple[int | str, ...], str, Any]]:
        """Yield the facts it asks for: a path in the arguments, the fact's path, the condition."""
        return iter(())

    def files(self) -> tuple[str, ...]:
        """Return the names of the text files that it needs from the scenario's folder."""
        return ()

    def films(self) -> tuple[str, ...]:
        """Return the names of the films and other files that it needs from that folder."""
        return ()

    def problems_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG002 -- most read none
        """Yield a sentence for each error in those texts, which `texts` has by name."""
        return iter(())

    def users_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG002 -- most read none
        """Yield the usernames in those texts, which have no errors."""
        return iter(())
