"""`/video-sessions`: who is in a session, and what it takes to come in."""

from typing import TYPE_CHECKING, Literal, TypedDict

from pydantic import Field

from emulator.core.errors import Refused
from emulator.shapes.calls import (
    IceServers,
    ParticipantShape,
    SessionToken,
    participant_shape,
    session_token,
)
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.video import participants, sessions
from emulator.world.video.participants import Participant
from emulator.world.video.sessions import Session

if TYPE_CHECKING:
    from emulator.media.webrtc.sessions.member import SentMedia

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
    type: Literal["answer"]
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
        "participants": [participant_shape(call.world, participant) for participant in found],
        "total": total,
    }


def remove(call: Call) -> None:
    """Leave a session, or as its host let somebody go."""
    session = _session(call)
    participants.remove(call.world, session, call.path["participant_id"], call.user)


async def offer(call: Call) -> SessionAnswer:
    """Offer one's own audio and video to a session, and be answered with the others'.

    By the session's own token as bearer, or by an account that has a seat. Receive in as many
    sections as there may be others: each is filled when somebody comes. A further offer over the
    same connection changes what is sent and received.
    """
    if call.caller is None and call.credential.count(".") != 2:
        raise Refused("unauthorized", "Not authenticated")
    session, world = _session(call), call.world
    wish = call.body_as(Offer)
    participant = _participant(call, session)
    peers = call.platform.shared.peers
    if peers is None:
        raise Refused("unavailable", "WebRTC is not served here.")

    def told(shown: "SentMedia") -> None:
        participants.show(
            world,
            participant,
            session.id,
            audio=shown.audio,
            video=shown.video,
            screen=shown.screen,
        )

    peer = await peers.meet((world.name, session.id), participant.id, wish.sdp, told)
    return {"sdp": peer.sdp, "type": "answer", "participant_id": participant.id}


def _participant(call: Call, session: Session) -> Participant:
    if call.caller is not None:
        return participants.find_own(call.world, session, call.caller)
    return participants.by_token(call.world, session, call.credential)


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
        auth="optional",
        answer=offer,
        body=Offer,
        refuses=(
            "bad_request",
            "unauthorized",
            "forbidden",
            "not_found",
            "conflict",
            "unavailable",
        ),
        provenance="assumed",
    ),
]
