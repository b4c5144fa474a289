"""SESSION, PARTICIPANT, and what a seat in a video session comes with (contract, schemas)."""

from typing import TypedDict

from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso, iso_or_none
from emulator.world.people import accounts
from emulator.world.video.moves import SessionStatus
from emulator.world.video.participants import Participant, SessionAccess
from emulator.world.video.sessions import VideoSession
from emulator.world.world import World


class SessionShape(TypedDict):
    """`participant_count` is how many are in it now."""

    id: str
    session_name: str
    host_id: str
    max_participants: int
    participant_count: int
    status: SessionStatus
    created_at: str
    started_at: str | None
    ended_at: str | None


class ParticipantShape(TypedDict):
    id: str
    user: UserCard
    is_host: bool
    audio: bool
    video: bool
    screen_share: bool
    joined_at: str
    left_at: str | None


class TurnCredentialsShape(TypedDict):
    """`ttl` is in seconds."""

    username: str
    credential: str
    ttl: int


class SessionToken(TypedDict):
    token: str
    turn_credentials: TurnCredentialsShape
    expires_at: str


class IceServer(TypedDict):
    urls: list[str]
    username: str
    credential: str


class IceServers(TypedDict):
    ice_servers: list[IceServer]


def session_shape(world: World, session: VideoSession) -> SessionShape:
    return {
        "id": session.id,
        "session_name": session.session_name,
        "host_id": accounts.by_pk(world, session.host_pk).id,
        "max_participants": session.participants_max,
        "participant_count": session.participant_count,
        "status": session.status,
        "created_at": iso(session.created_at_ms),
        "started_at": iso_or_none(session.started_at_ms),
        "ended_at": iso_or_none(session.ended_at_ms),
    }


def participant_shape(world: World, participant: Participant) -> ParticipantShape:
    return {
        "id": participant.id,
        "user": user_card(accounts.by_pk(world, participant.user_pk)),
        "is_host": participant.is_host,
        "audio": participant.has_audio,
        "video": participant.has_video,
        "screen_share": participant.has_screen,
        "joined_at": iso(participant.joined_at_ms),
        "left_at": iso_or_none(participant.left_at_ms),
    }


def session_token(access: SessionAccess) -> SessionToken:
    return {
        "token": access.token,
        "turn_credentials": {
            "username": access.turn.username,
            "credential": access.turn.credential,
            "ttl": access.turn.ttl_seconds,
        },
        "expires_at": iso(access.expires_at_ms),
    }
