"""Kinds: the types of an action's arguments, which pydantic reads from a scenario.

Every kind also has a JSON schema of its written form, for editors. A kind for references has the
noun that it refers to, so that `load` can check that the thing exists.
"""

from typing import Annotated, Literal

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from emulator.core import quantities
from emulator.core.errors import Refused
from emulator.world.audience.curves import Stay as _Stay

NAME_PATTERN = r"[A-Za-z0-9_.-]{1,50}"
Noun = Literal["stream", "user", "category", "vod"]


class Ref(Struct, frozen=True):
    """Marks an argument as the name of a thing of this noun."""

    noun: Noun


def _written(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": ["string", "number"], "pattern": rf"^(?:{pattern}|.*\$.*)$", "examples": examples}
    )


# As `quantities` reads them: a space may stand before a unit, and between two parts.
_DURATION_TEXT = r"(?: ?[0-9]+(?:\.[0-9]+)? ?(?:d|h|m|s|ms))+|0"
Duration = Annotated[
    int,
    BeforeValidator(quantities.duration_ms),
    _written(_DURATION_TEXT, "250ms", "10s", "2h30m"),
]
Rate = Annotated[
    float,
    BeforeValidator(quantities.per_second),
    _written(r"[0-9]+(?:\.[0-9]+)?/(?:ms|s|min|m|h)", "200/s", "30/min"),
]
Share = Annotated[
    float,
    BeforeValidator(quantities.share),
    _written(r"[0-9]+(?:\.[0-9]+)? ?%?", "30%", "0.3"),
]
Size = Annotated[
    tuple[int, int],
    BeforeValidator(quantities.frame_size),
    _written(r"[0-9]+x[0-9]+", "1280x720"),
]
Bitrate = Annotated[
    int,
    BeforeValidator(quantities.bits_per_second),
    _written(r"[0-9]+(?:\.[0-9]+)? ?[kKmMgG]?(?:bit/s)?", "800k", "6M"),
]


def _stay(value: object) -> _Stay:
    try:
        return _Stay.parse(str(value))
    except Refused as refused:
        raise ValueError(refused.message) from None


# The time that viewers stay: one of the world's distributions.
Stay = Annotated[
    _Stay,
    BeforeValidator(_stay),
    WithJsonSchema({"type": "string", "examples": ["lognormal(8m, 1.0)", "fixed(5m)"]}),
]


def _at_most_whole(shares: dict[str, float]) -> dict[str, float]:
    if (total := sum(shares.values())) > 1 + 1e-9:
        raise ValueError(f"the shares are {total:.6g} together; they may be 1 (100%) at most")
    return shares


Count = Annotated[int, Field(ge=0, le=10_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=5_000)]
Line = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Countries = Annotated[dict[CountryCode, Share], AfterValidator(_at_most_whole)]

# A name of the file, an id, or `{owner: NAME}` for the stream that a user is live with.
StreamRef = Annotated[
    Name | dict[Literal["owner"], Name],
    Ref("stream"),
]
UserRef = Annotated[Name, Ref("user")]
CategoryRef = Annotated[Annotated[str, Field(min_length=1, max_length=100)], Ref("category")]
# A VOD that a step made or named, or the name of the stream whose VOD it is.
VodRef = Annotated[Name, Ref("vod")]
