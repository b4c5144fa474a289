"""Participants of a video session, and the tokens that admit them.

Issuing a token takes a seat, which is held while the newest token is valid. So a session is full as
soon as the last seat is taken, not when its media arrives.
"""

import base64
import hashlib
import hmac
from functools import partial

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import ParticipantJoined, ParticipantShown, SessionStarted
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.video import sessions
from emulator.world.video.moves import session_after
from emulator.world.video.sessions import VideoSession
from emulator.world.world import World

TOKEN_MS = 3_600_000
# Differs from access tokens: a verifier must name this audience (RFC 7519, 4.1.3), so a call's
# token is not accepted anywhere else.
AUDIENCE = "video-session"
_ALGORITHM = "HS256"


class Participant(Struct, frozen=True):
    """One stay of one user. `left_at_ms` is None while the user has the seat."""

    pk: int
    id: str
    user_pk: int
    is_host: bool
    has_audio: bool
    has_video: bool
    has_screen: bool
    joined_at_ms: int
    left_at_ms: int | None


class TurnCredentials(Struct, frozen=True):
    """Credentials for a TURN server, valid for `ttl_seconds`."""

    username: str
    credential: str
    ttl_seconds: int


class SessionAccess(Struct, frozen=True):
    """A participant, and the token that admits it."""

    participant: Participant
    token: str
    turn: TurnCredentials
    expires_at_ms: int


_SELECT = """
SELECT session_participants.*, user_row = host_row AS is_host FROM session_participants
JOIN video_sessions ON video_sessions.row = session_row
"""


def join(world: World, session: VideoSession, user: User) -> SessionAccess:
    """Let a user take part and issue a token; a participant only gets a new token.

    Refuses (`conflict`) an ended session and a full one.
    """
    to = session_after(session.status, "join")
    now_ms = world.now_ms
    expires_at_ms = now_ms + TOKEN_MS
    participant = _participant_of(world, session, user)
    if participant is None and session.participant_count >= session.participants_max:
        raise Refused(
            "conflict",
            f"Session is full: it holds {session.participants_max} participants.",
            max_participants=session.participants_max,
        )
    with world.change():
        if participant is None:
            participant_id = world.ids.uuid()
            world.store.insert(
                "session_participants",
                id=participant_id,
                session_row=session.pk,
                user_row=user.pk,
                expires_at_ms=expires_at_ms,
                joined_at_ms=now_ms,
            )
            world.store.write(
                "UPDATE video_sessions SET status = ?, started_at_ms = coalesce(started_at_ms, ?)"
                " WHERE row = ?",
                to,
                now_ms,
                session.pk,
            )
            if session.status != to:
                world.emit(SessionStarted(at_ms=now_ms, session_id=session.id))
            world.emit(
                ParticipantJoined(
                    at_ms=now_ms,
                    session_id=session.id,
                    participant_id=participant_id,
                    user_id=user.id,
                )
            )
        else:
            participant_id = participant.id
            world.store.update("session_participants", participant.pk, expires_at_ms=expires_at_ms)
    participant = find(world, session, participant_id)
    return SessionAccess(
        participant=participant,
        token=_token(world, session, user, participant, expires_at_ms),
        turn=turn_credentials(world, user),
        expires_at_ms=expires_at_ms,
    )


def of(
    world: World, session: VideoSession, *, with_those_who_left: bool = False
) -> tuple[list[Participant], int]:
    """Return the participants of a session in the order of joining, and their total.

    At most `sessions.LISTED_MAX`, since any number of them may have left.
    """
    present = "" if with_those_who_left else "AND left_at_ms IS NULL"
    rows = world.store.rows(
        f"{_SELECT} WHERE session_row = ? {present} ORDER BY session_participants.row LIMIT ?",
        session.pk,
        sessions.LISTED_MAX,
    )
    total = world.store.number(
        f"SELECT count(*) FROM session_participants WHERE session_row = ? {present}", session.pk
    )
    return [_participant(row) for row in rows], total


def find(world: World, session: VideoSession, participant_id: str) -> Participant:
    """Return a present participant of this session. Refuses (`not_found`) anybody else."""
    row = world.store.row(
        f"{_SELECT} WHERE session_participants.id = ? AND session_row = ? AND left_at_ms IS NULL",
        participant_id,
        session.pk,
    )
    if row is None:
        raise Refused("not_found", "Participant not found")
    return _participant(row)


def find_own(world: World, session: VideoSession, user: User) -> Participant:
    """Return a user's own seat.

    Refuses (`forbidden`) a user without a seat, (`conflict`) an ended session.
    """
    session_after(session.status, "join")
    seat = _participant_of(world, session, user)
    if seat is None:
        raise Refused("forbidden", "You are not in this session. Request a token for it first.")
    return seat


def remove(world: World, session: VideoSession, participant_id: str, by: User) -> None:
    """Remove a participant: the host may remove anybody, others only themselves.

    Refuses (`forbidden`) anybody else, (`not_found`) a user that is not in the session.
    """
    participant = find(world, session, participant_id)
    is_own = participant.user_pk == by.pk
    if not is_own and session.host_pk != by.pk:
        raise Refused("forbidden", "Only the host may remove other participants")
    reason = "left" if is_own else "removed"
    with world.change():
        sessions.leave(world, session.id, participant.pk, participant.id, world.now_ms, reason)


def by_token(world: World, session: VideoSession, token: str) -> Participant:
    """Return the participant to whom this session's token belongs.

    Refuses (`unauthorized`) a forged or expired token, (`forbidden`) a token of another session, or
    of a participant that has left.
    """
    import jwt

    try:
        claims = jwt.decode(
            token,
            world.secret,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            # The world's clock decides about expiry, below.
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
        )
    except jwt.PyJWTError:
        raise Refused("unauthorized", "Invalid authentication credentials") from None
    if world.now_ms >= claims["exp"] * 1000:
        raise Refused("unauthorized", "Token has expired")
    session_after(session.status, "join")
    try:
        if claims.get("session_id") == session.id:
            return find(world, session, str(claims.get("participant_id")))
    except Refused:
        pass
    raise Refused(
        "forbidden", "This token belongs to another session, or its participant has left."
    )


def show(
    world: World,
    participant: Participant,
    session_id: str,
    *,
    audio: bool,
    video: bool,
    screen: bool,
) -> None:
    """Record which media a participant sends now, unless they have left."""
    with world.change():
        changed = world.store.row(
            "SELECT row FROM session_participants WHERE row = ? AND left_at_ms IS NULL"
            " AND (has_audio, has_video, has_screen) <> (?, ?, ?)",
            participant.pk,
            audio,
            video,
            screen,
        )
        if changed is None:
            return
        world.store.update(
            "session_participants",
            participant.pk,
            has_audio=audio,
            has_video=video,
            has_screen=screen,
        )
        world.emit(
            ParticipantShown(
                at_ms=world.now_ms,
                session_id=session_id,
                participant_id=participant.id,
                audio=audio,
                video=video,
                screen=screen,
            )
        )


def turn_credentials(world: World, user: User) -> TurnCredentials:
    """Make credentials by the TURN REST convention (draft-uberti-behave-turn-rest-00, 2.2).

    The name contains the expiry time; the password is an HMAC of the name, so a TURN server with
    the same secret can check it alone.
    """
    username = f"{(world.now_ms + TOKEN_MS) // 1000}:{user.id}"
    digest = hmac.digest(turn_secret(world), username.encode(), hashlib.sha1)
    return TurnCredentials(username, base64.b64encode(digest).decode(), TOKEN_MS // 1000)


def turn_secret(world: World) -> bytes:
    """Return the secret shared with this world's TURN server; it does not reveal `world.secret`."""
    return hmac.digest(world.secret.encode(), b"turn", hashlib.sha256).hex().encode()


def _token(
    world: World, session: VideoSession, user: User, participant: Participant, expires_at_ms: int
) -> str:
    import jwt  # Late: it imports `cryptography`, which would slow down a start.

    claims = {
        "aud": AUDIENCE,
        "sub": user.id,
        "username": user.username,
        "session_id": session.id,
        "participant_id": participant.id,
        "is_host": participant.is_host,
        "jti": world.ids.uuid(),
        "world": world.name,
        "iat": world.now_ms // 1000,
        "exp": expires_at_ms // 1000,
    }
    return jwt.encode(claims, world.secret, algorithm=_ALGORITHM)


def _participant_of(world: World, session: VideoSession, user: User) -> Participant | None:
    row = world.store.row(
        f"{_SELECT} WHERE session_participants.user_row = ? AND session_row = ?"
        " AND left_at_ms IS NULL",
        user.pk,
        session.pk,
    )
    return _participant(row) if row else None


_participant = partial(read_row, Participant)
