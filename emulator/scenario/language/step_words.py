"""StepWords: the words of a step besides its action: when, how often, and on what condition."""

import re
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from emulator.core import quantities
from emulator.core.errors import Code
from emulator.scenario.language.errors import meant
from emulator.world.chat.moderation import ChatCode

TIMES_MAX = 1_000_000
# The codes of refusals: the platform's, the chat's, and those that only a chat socket sends.
REFUSAL_CODES = (*get_args(Code), *get_args(ChatCode), "blocked", "invalid_message")
_NAME = re.compile(r"[A-Za-z][\w -]{0,63}")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("A step's name begins with a letter")
    return text


def _every(value: object) -> int:
    if value == "event":
        return 0
    if not (interval_ms := quantities.duration_ms(value)):
        raise ValueError("every needs a duration above zero, such as 10s")
    return interval_ms


def _refusal(value: object) -> str | None:
    """Return the code that the platform must refuse with; empty (`refused: true`) means any."""
    if isinstance(value, bool | None):
        return "" if value else None
    # An unknown parameter in it is already an error.
    if not isinstance(value, str) or (value not in REFUSAL_CODES and "$" not in value):
        known = meant(str(value), REFUSAL_CODES)
        raise ValueError(f"Nothing is refused with {str(value)[:40]}{known}")
    return value


Length = Annotated[int | None, BeforeValidator(quantities.duration_ms)]


class StepWords(BaseModel):
    """The words of a step besides its action.

    `every` of 0 means at each event. `refused` is a code, empty for any.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    name: Annotated[str, AfterValidator(_name)] = ""
    at: Length = None
    after: Any = None
    on: Any = None
    for_: Annotated[Length, Field(alias="for")] = None
    every: Annotated[int | None, BeforeValidator(_every)] = None
    times: Annotated[int, Field(ge=1, le=TIMES_MAX)] | None = None
    within: Length = None
    if_: Annotated[Any, Field(alias="if")] = True
    refused: Annotated[str | None, BeforeValidator(_refusal)] = None
    required: bool = False


WORDS = tuple(field.alias or name for name, field in StepWords.model_fields.items())
