"""`/video-sessions`: the participants of sessions, their tokens and offers."""

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
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import participants, sessions
from emulator.world.video.participants import Participant
from emulator.world.video.sessions import VideoSession

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


@endpoint("GET", "/video-sessions/ice-servers", provenance="documented")
def list_ice_servers(call: Call) -> IceServers:
    """List this platform's STUN and TURN servers: its built-in STUN server, and no TURN."""
    stun = call.platform.addresses.stun
    if not stun:
        return {"ice_servers": []}
    return {"ice_servers": [{"urls": [stun], "username": "", "credential": ""}]}


@endpoint(
    "POST",
    "/video-sessions/sessions/{session_id}/token",
    provenance="documented",
    refuses=("conflict",),
)
def create_video_session_token(call: Call, caller: User, session_id: str) -> SessionToken:
    """Join a session, and get a token for it. A participant gets a new token.

    A seat is held until its newest token expires.
    """
    access = participants.join(call.world, sessions.find(call.world, session_id), caller)
    return session_token(access)


@endpoint("GET", "/video-sessions/sessions/{session_id}/participants", provenance="documented")
def list_participants(
    call: Call, _caller: User, session_id: str, query: ParticipantQuery
) -> ParticipantList:
    """List the participants of a session; with `include_left` also those that left."""
    with_those_who_left = query.include_left
    listed, total = participants.of(
        call.world, sessions.find(call.world, session_id), with_those_who_left=with_those_who_left
    )
    return {
        "participants": [participant_shape(call.world, participant) for participant in listed],
        "total": total,
    }


@endpoint(
    "DELETE",
    "/video-sessions/sessions/{session_id}/participants/{participant_id}",
    refuses=("forbidden",),
)
def remove_participant(call: Call, caller: User, session_id: str, participant_id: str) -> None:
    """Leave a session, or as its host remove a participant."""
    session = sessions.find(call.world, session_id)
    participants.remove(call.world, session, participant_id, caller)


@endpoint(
    "POST",
    "/video-sessions/sessions/{session_id}/offer",
    refuses=("bad_request", "unauthorized", "forbidden", "conflict", "unavailable"),
)
async def send_video_session_offer(
    call: Call, caller: User | None, session_id: str, body: Offer
) -> SessionAnswer:
    """Offer the caller's audio and video to a session, and receive those of the others.

    The bearer is the session's own token, or an account with a seat. The offer needs a receiving
    section for each possible participant: it is filled when somebody comes. A further offer over
    the same connection changes what is sent and received.
    """
    if caller is None and call.credential.count(".") != 2:
        raise Refused("unauthorized", "Not authenticated")
    session, world = sessions.find(call.world, session_id), call.world
    participant = _participant(call, caller, session)
    peers = call.platform.shared.peers
    if peers is None:
        raise Refused("unavailable", "WebRTC is not served here.")

    def on_media(shown: "SentMedia") -> None:
        participants.show(
            world,
            participant,
            session.id,
            audio=shown.audio,
            video=shown.video,
            screen=shown.screen,
        )

    peer = await peers.meet((world.name, session.id), participant.id, body.sdp, on_media)
    return {"sdp": peer.sdp, "type": "answer", "participant_id": participant.id}


def _participant(call: Call, caller: User | None, session: VideoSession) -> Participant:
    if caller is not None:
        return participants.find_own(call.world, session, caller)
    return participants.by_token(call.world, session, call.credential)
