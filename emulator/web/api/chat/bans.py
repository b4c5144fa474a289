"""`/streams/{stream_id}/chat/bans`: who may not speak, for good or for a time."""

from typing import Self

from pydantic import Field, model_validator

from emulator.shapes.chat import Bans, BanShape, ban_shape
from emulator.web.api.models import OptionalId, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.chat import bans
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

DURATION_SECONDS_MAX = 366 * 86_400


class BanCreate(Request):
    """Whom by `user_id` or `username`. Without a duration the ban is for good."""

    user_id: OptionalId = None
    username: OptionalId = None
    reason: str | None = Field(None, max_length=500)
    duration_seconds: Whole | None = Field(None, ge=1, le=DURATION_SECONDS_MAX)

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.user_id is None and self.username is None:
            raise ValueError("user_id or username is required")
        return self

    def target(self, world: World) -> User:
        """Whom it names. Refuses (`not_found`)."""
        if self.user_id is not None:
            return accounts.find(world, self.user_id)
        return accounts.by_username(world, self.username or "")


def active(call: Call) -> Bans:
    """List the bans and time-outs that hold, the newest first."""
    stream = _stream(call)
    found, total = bans.active(call.world, stream, call.user)
    return {
        "bans": [ban_shape(call.world, ban, stream.user_row) for ban in found],
        "total": total,
    }


def add(call: Call) -> BanShape:
    """Ban somebody from a chat, or time them out."""
    stream = _stream(call)
    wish = call.body_as(BanCreate)
    ban = bans.add(
        call.world,
        stream,
        call.user,
        wish.target(call.world),
        reason=wish.reason,
        duration_seconds=wish.duration_seconds,
    )
    return ban_shape(call.world, ban, stream.user_row)


def lift(call: Call) -> None:
    """Let somebody speak again."""
    stream = _stream(call)
    bans.lift(call.world, stream, call.user, accounts.find(call.world, call.path["user_id"]))


def _stream(call: Call) -> Stream:
    return streams.find_for(call.world, call.path["stream_id"], call.user)


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/{stream_id}/chat/bans",
        auth="user",
        answer=active,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
    Operation(
        method="POST",
        path="/streams/{stream_id}/chat/bans",
        auth="user",
        answer=add,
        body=BanCreate,
        status=201,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path="/streams/{stream_id}/chat/bans/{user_id}",
        auth="user",
        answer=lift,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
]
