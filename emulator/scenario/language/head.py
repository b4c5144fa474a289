"""Head: the single values of a scenario file; its world and its steps are read elsewhere."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from emulator.core import quantities

VERSION = 1
_YEAR_MAX = 2999


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("Write a text here")
    return " ".join(text.split())


def _version(value: object) -> int:
    if value != VERSION:
        raise ValueError(f"This program reads version {VERSION}")
    return VERSION


def _length(value: object) -> int | None:
    if value == "forever":
        return None
    try:
        return quantities.duration_ms(value)
    except ValueError as error:
        raise ValueError(f"{error}, or forever") from None


def _instant(value: object) -> int:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("Write a date here, such as 2026-03-06 or 2026-03-06T18:00Z") from None
    if not 2000 <= instant.year <= _YEAR_MAX:
        raise ValueError(f"begins is in the years 2000 to {_YEAR_MAX}")
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


Sentence = Annotated[str, AfterValidator(_one_line)]


class Head(BaseModel):
    """The single values of a scenario file.

    `begins: 2026-03-06 18:00` is UTC if it names no time zone. `lasts` of None: the run does not
    end.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    scenario: Sentence
    about: Sentence = ""
    version: Annotated[int, BeforeValidator(_version)] = VERSION
    seed: Annotated[int, Field(ge=0, le=2**53)] = 1
    lasts: Annotated[int | None, BeforeValidator(_length)] = 0
    begins: Annotated[int, BeforeValidator(_instant)] | None = None
