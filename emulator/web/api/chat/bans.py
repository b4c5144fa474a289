"""`/streams/{stream_id}/chat/bans`: users that may not speak, for ever or for a time."""

from typing import Self

from pydantic import Field, model_validator

from emulator.shapes.chat import Bans, BanShape, ban_shape
from emulator.web.api.models import OptionalId, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.chat import bans
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

DURATION_SECONDS_MAX = 366 * 86_400


class BanCreate(Request):
    """The user is named by `user_id` or `username`. Without a duration the ban is permanent."""

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
        """Return the named user. Refuses (`not_found`) an unknown one."""
        if self.user_id is not None:
            return accounts.find(world, self.user_id)
        return accounts.by_username(world, self.username or "")


@endpoint("GET", "/streams/{stream_id}/chat/bans", refuses=("forbidden",))
def list_chat_bans(call: Call, caller: User, stream_id: str) -> Bans:
    """List the bans and time-outs in force, newest first."""
    stream = streams.find_for(call.world, stream_id, caller)
    listed, total = bans.active(call.world, stream, caller)
    return {
        "bans": [ban_shape(call.world, ban, stream.user_pk) for ban in listed],
        "total": total,
    }


@endpoint("POST", "/streams/{stream_id}/chat/bans", status=201, refuses=("forbidden",))
def ban_chat_user(call: Call, caller: User, stream_id: str, body: BanCreate) -> BanShape:
    """Ban a user from a chat, or time them out."""
    stream = streams.find_for(call.world, stream_id, caller)
    ban = bans.add(
        call.world,
        stream,
        caller,
        body.target(call.world),
        reason=body.reason,
        duration_seconds=body.duration_seconds,
    )
    return ban_shape(call.world, ban, stream.user_pk)


@endpoint("DELETE", "/streams/{stream_id}/chat/bans/{user_id}", refuses=("forbidden",))
def unban_chat_user(call: Call, caller: User, stream_id: str, user_id: str) -> None:
    """Lift a user's ban."""
    stream = streams.find_for(call.world, stream_id, caller)
    bans.lift(call.world, stream, caller, accounts.find(call.world, user_id))
