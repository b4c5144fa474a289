"""The `world` of a scenario: what exists before the start, in addition to the seed."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from emulator.scenario.language.values.kinds import (
    CategoryRef,
    Count,
    Duration,
    Name,
    StreamRef,
    Text,
    UserRef,
)
from emulator.world.people.names import is_username


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _username(name: str) -> str:
    if not is_username(name):
        raise ValueError("A username does not begin with a dot or a dash")
    return name


class UserPart(_Part):
    """A user of the world.

    `followers` is only a number; `follows` are names. A user who uploads VODs needs an
    organisation, a `tenant`.
    """

    name: Annotated[Name, AfterValidator(_username)]
    followers: Count = 0
    display_name: Text | None = None
    bio: Text | None = None
    tenant: Text | None = None
    follows: list[UserRef] = Field(default_factory=list, max_length=1000)


class StreamPart(_Part):
    """A stream, which is offline until a step makes it live; or a name for an `existing` stream."""

    name: Name
    owner: UserRef | None = None
    title: Text | None = None
    description: Text | None = None
    category: CategoryRef | None = None
    tags: list[Text] = Field(default_factory=list, max_length=20)
    visibility: Literal["public", "unlisted", "private"] = "public"
    mature: bool = False
    existing: StreamRef | None = None


class CategoryPart(_Part):
    name: Text
    slug: Name


class RulesPart(_Part):
    """The platform's rules for this scenario; a rule that is not here stays as it is.

    0: no limit.
    """

    streams_per_user: Count | None = None
    stream_creations_per_minute: Count | None = None
    session_creations_per_minute: Count | None = None
    chat_lines_per_minute: Count | None = None
    chat_repeats_max: Count | None = None
    reconnect_window: Duration | None = None
    vod_processing: Duration | None = None
    access_token: Duration | None = None


class WorldPart(_Part):
    """The world of a scenario; `seed` is the content of a world that is made for the run."""

    seed: Literal["default", "none"] = "default"
    users: list[UserPart] = Field(default_factory=list, max_length=10_000)
    streams: list[StreamPart] = Field(default_factory=list, max_length=1_000)
    categories: list[CategoryPart] = Field(default_factory=list, max_length=1_000)
    rules: RulesPart = RulesPart()
