"""`/streams/{stream_id}/moderators`: who keeps order in a chat, and who its VIPs are."""

from emulator.shapes.chat import ModeratorShape, moderator_shape
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.chat import moderators
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts


class ModeratorCreate(Request):
    user_id: str
    is_vip: bool = False


class ModeratorUpdate(Request):
    is_vip: bool


def listed(call: Call) -> list[ModeratorShape]:
    """List a stream's moderators and VIPs."""
    stream = streams.find_for(call.world, call.path["stream_id"], call.caller)
    return [
        moderator_shape(call.world, moderator) for moderator in moderators.of(call.world, stream)
    ]


def add(call: Call) -> ModeratorShape:
    """Make somebody a moderator or a VIP of one's stream."""
    stream = _own(call)
    wish = call.body_as(ModeratorCreate)
    target = accounts.find(call.world, wish.user_id)
    added = moderators.add(call.world, stream, target, is_vip=wish.is_vip)
    return moderator_shape(call.world, added)


def update(call: Call) -> ModeratorShape:
    """Make a VIP of a moderator, or the other way round."""
    stream = _own(call)
    moderator = moderators.find(call.world, stream, call.path["moderator_id"])
    is_vip = call.body_as(ModeratorUpdate).is_vip
    return moderator_shape(
        call.world, moderators.change(call.world, stream, moderator, is_vip=is_vip)
    )


def remove(call: Call) -> None:
    """Take somebody off the list."""
    stream = _own(call)
    moderator = moderators.find(call.world, stream, call.path["moderator_id"])
    moderators.remove(call.world, stream, moderator)


def _own(call: Call) -> Stream:
    return streams.find_own(call.world, call.path["stream_id"], call.user)


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/{stream_id}/moderators",
        auth="optional",
        answer=listed,
        refuses=("not_found",),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/streams/{stream_id}/moderators",
        auth="user",
        answer=add,
        body=ModeratorCreate,
        status=201,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="client",
    ),
    Operation(
        method="PUT",
        path="/streams/{stream_id}/moderators/{moderator_id}",
        auth="user",
        answer=update,
        body=ModeratorUpdate,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="DELETE",
        path="/streams/{stream_id}/moderators/{moderator_id}",
        auth="user",
        answer=remove,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
]
