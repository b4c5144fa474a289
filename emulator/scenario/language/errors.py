"""ErrorList: the errors of a scenario file, with their places and suggestions for wrong words."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from emulator.core.errors import Refused

_SHOWN_MAX = 100
_ERRORS_MAX = 1_000
_WORD_LENGTH_MAX = 100


class InputError(Struct, frozen=True, order=True):
    """One error of a file, with its place.

    `line` and `column` count from 1. `rule` is a short name that a program can sort by. `parameter`
    is the name of the parameter whose chosen value is wrong, if the error is about one.
    """

    file: str
    line: int
    column: int
    rule: str
    message: str
    parameter: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}"


class InvalidScenario(Refused):
    """A scenario that cannot be played, with all of its errors in the order of the file."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self.errors = sorted(set(errors))
        shown = [str(error) for error in self.errors[:_SHOWN_MAX]]
        if len(self.errors) > _SHOWN_MAX:
            shown.append(f"... and {len(self.errors) - _SHOWN_MAX} more.")
        super().__init__("invalid", "\n".join(shown), mistakes=[str(m) for m in self.errors])


class ErrorList(list[InputError]):
    """The errors so far.

    Refuses (`InvalidScenario`) more than 1000 of them, which take 0.2 s.
    """

    def append(self, error: InputError) -> None:
        super().append(error)
        if len(self) > _ERRORS_MAX:
            raise InvalidScenario(self)

    def extend(self, errors: Iterable[InputError]) -> None:
        for error in errors:
            self.append(error)


def ended(text: str) -> str:
    """Return a sentence with a full stop, unless it already has an end mark."""
    return text if text.endswith((".", "?")) else f"{text}."


def meant(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence on an unknown word: the nearest known word, or all of them."""
    words = sorted(known)
    near = get_close_matches(word[:_WORD_LENGTH_MAX], words, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    if not words:
        return "; there are none here."
    return f". Known are {', '.join(words[:24])}{' and more' if len(words) > 24 else ''}."
