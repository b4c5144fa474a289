"""`/streams/{stream_id}/moderators`: the moderators and VIPs of a chat."""

from emulator.shapes.chat import ModeratorShape, moderator_shape
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.chat import moderators
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.people.accounts import User


class ModeratorCreate(Request):
    user_id: str
    is_vip: bool = False


class ModeratorUpdate(Request):
    is_vip: bool


@endpoint("GET", "/streams/{stream_id}/moderators", provenance="client")
def list_moderators(call: Call, caller: User | None, stream_id: str) -> list[ModeratorShape]:
    """List a stream's moderators and VIPs."""
    stream = streams.find_for(call.world, stream_id, caller)
    return [
        moderator_shape(call.world, moderator) for moderator in moderators.of(call.world, stream)
    ]


@endpoint(
    "POST",
    "/streams/{stream_id}/moderators",
    provenance="client",
    status=201,
    refuses=("forbidden", "conflict"),
)
def add_moderator(
    call: Call, caller: User, stream_id: str, body: ModeratorCreate
) -> ModeratorShape:
    """Make a user a moderator or a VIP of the caller's stream."""
    stream = streams.find_own(call.world, stream_id, caller)
    target = accounts.find(call.world, body.user_id)
    added = moderators.add(call.world, stream, target, is_vip=body.is_vip)
    return moderator_shape(call.world, added)


@endpoint(
    "PUT",
    "/streams/{stream_id}/moderators/{moderator_id}",
    provenance="client",
    refuses=("forbidden",),
)
def update_moderator(
    call: Call, caller: User, stream_id: str, moderator_id: str, body: ModeratorUpdate
) -> ModeratorShape:
    """Turn a moderator into a VIP, or a VIP into a moderator."""
    stream = streams.find_own(call.world, stream_id, caller)
    moderator = moderators.find(call.world, stream, moderator_id)
    is_vip = body.is_vip
    return moderator_shape(
        call.world, moderators.change(call.world, stream, moderator, is_vip=is_vip)
    )


@endpoint(
    "DELETE",
    "/streams/{stream_id}/moderators/{moderator_id}",
    provenance="client",
    refuses=("forbidden",),
)
def remove_moderator(call: Call, caller: User, stream_id: str, moderator_id: str) -> None:
    """Remove a moderator or VIP."""
    stream = streams.find_own(call.world, stream_id, caller)
    moderator = moderators.find(call.world, stream, moderator_id)
    moderators.remove(call.world, stream, moderator)
