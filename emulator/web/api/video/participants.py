"""`/video-sessions`: who is in a session, and what it takes to come in."""

from typing import Literal, TypedDict

from pydantic import Field

from emulator.core.errors import Refused
from emulator.web.api.models import Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.shapes.calls import (
    IceServers,
    ParticipantShape,
    SessionToken,
    participant_shape,
    session_token,
)
from emulator.world.video import participants, sessions
from emulator.world.video.sessions import Session

SDP_LENGTH_MAX = 262_144


class ParticipantQuery(Request):
    include_left: bool = False


class Offer(Request):
    sdp: str = Field(min_length=1, max_length=SDP_LENGTH_MAX)
    type: Literal["offer"]


class ParticipantList(TypedDict):
    participants: list[ParticipantShape]
    total: int


class SessionAnswer(TypedDict):
    sdp: str
    type: str
    participant_id: str


def ice_servers(call: Call) -> IceServers:
    """List the STUN and TURN servers of this platform: its own STUN answer, and no TURN."""
    stun = call.platform.addresses.stun
    if not stun:
        return {"ice_servers": []}
    return {"ice_servers": [{"urls": [stun], "username": "", "credential": ""}]}


def admit(call: Call) -> SessionToken:
    """Take a seat in a session, and a token for it. Who has a seat gets a new token.

    A seat is held until its newest token expires.
    """
    admission = participants.admit(call.world, _session(call), call.user)
    return session_token(admission)


def listed(call: Call) -> ParticipantList:
    """List who is in a session, and with `include_left` who was."""
    with_those_who_left = call.query_as(ParticipantQuery).include_left
    found, total = participants.of(
        call.world, _session(call), with_those_who_left=with_those_who_left
    )
    return {
        "participants": [participant_shape(call.world, each) for each in found],
        "total": total,
    }


def remove(call: Call) -> None:
    """Leave a session, or as its host let somebody go."""
    session = _session(call)
    participants.remove(call.world, session, call.path["participant_id"], call.user)


def offer(call: Call) -> SessionAnswer:
    """Offer one's own audio and video to a session, and be answered with the others'."""
    participants.find_own(call.world, _session(call), call.user)
    raise Refused(
        "unavailable",
        "This emulator carries no WebRTC media yet. Seats, tokens and participants are there; "
        "audio and video are not.",
    )


def _session(call: Call) -> Session:
    return sessions.find(call.world, call.path["session_id"])


OPERATIONS = [
    Operation(
        method="GET",
        path="/video-sessions/ice-servers",
        auth="public",
        answer=ice_servers,
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/video-sessions/sessions/{session_id}/token",
        auth="user",
        answer=admit,
        refuses=("not_found", "conflict"),
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/video-sessions/sessions/{session_id}/participants",
        auth="user",
        answer=listed,
        query=ParticipantQuery,
        refuses=("not_found",),
        provenance="documented",
    ),
    Operation(
        method="DELETE",
        path="/video-sessions/sessions/{session_id}/participants/{participant_id}",
        auth="user",
        answer=remove,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
    Operation(
        method="POST",
        path="/video-sessions/sessions/{session_id}/offer",
        auth="user",
        answer=offer,
        body=Offer,
        refuses=("forbidden", "not_found", "conflict", "unavailable"),
        provenance="assumed",
    ),
]
