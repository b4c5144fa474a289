"""ErrorList: what is wrong with a scenario file, where, and which word was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from emulator.core.errors import Refused

_SHOWN_MAX = 100
_ERRORS_MAX = 1_000
_WORD_LENGTH_MAX = 100


class InputError(Struct, frozen=True, order=True):
    """`line` and `column` count from 1. `rule` is a short name that a program can sort by.

    `parameter` is the one whose chosen value is wrong, where it is one.
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
    """A scenario that cannot be played: all of its errors at once, in the order of the file."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self.errors = sorted(set(errors))
        shown = [str(error) for error in self.errors[:_SHOWN_MAX]]
        if len(self.errors) > _SHOWN_MAX:
            shown.append(f"... and {len(self.errors) - _SHOWN_MAX} more.")
        super().__init__("invalid", "\n".join(shown), mistakes=[str(m) for m in self.errors])


class ErrorList(list[InputError]):
    """The errors so far. Refuses (`InvalidScenario`) more than 1000, which take 0.2 s."""

    def append(self, error: InputError) -> None:
        super().append(error)
        if len(self) > _ERRORS_MAX:
            raise InvalidScenario(self)

    def extend(self, errors: Iterable[InputError]) -> None:
        for error in errors:
            self.append(error)


def ended(text: str) -> str:
    """A sentence, with what ends it."""
    return text if text.endswith((".", "?")) else f"{text}."


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest right one, or all there are."""
    words = sorted(known)
    near = get_close_matches(word[:_WORD_LENGTH_MAX], words, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    if not words:
        return "; there are none here."
    return f". Known are {', '.join(words[:24])}{' and more' if len(words) > 24 else ''}."
