"""Video sessions: calls of up to fifty users. Their states are in `moves.py`.

A call is active once a user has taken a seat, and ends when its host ends it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import (
    ParticipantLeft,
    SessionCreated,
    SessionEnded,
    SessionUpdated,
)
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.video.moves import SessionStatus, session_after
from emulator.world.world import World

LISTED_MAX = 1000
ADMIN_ROLES = frozenset({"ADMIN", "SUPERUSER"})


class VideoSession(Struct, frozen=True):
    """One call. `participant_count` is the number of taken seats."""

    pk: int
    id: str
    host_pk: int
    session_name: str
    participants_max: int
    participant_count: int
    status: SessionStatus
    created_at_ms: int
    started_at_ms: int | None
    ended_at_ms: int | None


_SELECT = """
SELECT video_sessions.*, (
    SELECT count(*) FROM session_participants
    WHERE session_row = video_sessions.row AND left_at_ms IS NULL
) AS participant_count FROM video_sessions
"""


def create(world: World, host: User, session_name: str, participants_max: int) -> VideoSession:
    """Create a call. Nobody is in it yet, not even its host."""
    session_id = world.ids.uuid()
    now_ms = world.now_ms
    with world.change():
        world.store.insert(
            "video_sessions",
            id=session_id,
            host_row=host.pk,
            session_name=session_name,
            participants_max=participants_max,
            created_at_ms=now_ms,
        )
        world.emit(SessionCreated(at_ms=now_ms, session_id=session_id, host_id=host.id))
    return find(world, session_id)


def find(world: World, session_id: str) -> VideoSession:
    """Return the call with this id, also an ended one. Refuses (`not_found`) an unknown one."""
    settle(world)
    row = world.store.row(f"{_SELECT} WHERE video_sessions.id = ?", session_id)
    if row is None:
        raise Refused("not_found", "Session not found")
    return _session(row)


def find_hosted(
    world: World, session_id: str, user: User, *, admins_too: bool = False
) -> VideoSession:
    """Return the call with this id for its host. Refuses (`forbidden`) anybody else."""
    session = find(world, session_id)
    if session.host_pk != user.pk and not (admins_too and is_admin(user)):
        raise Refused("forbidden", "Only the host of this session may do that")
    return session


def is_admin(user: User) -> bool:
    return user.role in ADMIN_ROLES


def active(world: World, user: User) -> tuple[list[VideoSession], int]:
    """Return the open calls that a user hosts or is in, and their total.

    Newest first, at most `LISTED_MAX`.
    """
    return _of(
        world,
        user,
        "status IN ('created', 'active') AND ",
        "session_participants.left_at_ms IS NULL AND ",
    )


def of_user(world: World, user_id: str, asker: User) -> tuple[list[VideoSession], int]:
    """Return all calls that a user hosted or was in, and their total, as `active` does.

    Refuses (`forbidden`) calls of another user unless an admin asks, (`not_found`) an unknown user.
    """
    if user_id != asker.id and not is_admin(asker):
        raise Refused("forbidden", "Only an admin may see somebody else's sessions")
    return _of(world, accounts.find(world, user_id), "", "")


def update(world: World, session: VideoSession, patch: Mapping[str, Any]) -> VideoSession:
    """Change `session_name` and `participants_max`, if they are in `patch`.

    Refuses (`conflict`) an ended call, and a limit below the current number of participants.
    """
    if session.status == "ended":
        raise Refused("conflict", "Session has already ended")
    participants_max = patch.get("participants_max", session.participants_max)
    if participants_max < session.participant_count:
        raise Refused(
            "conflict",
            f"{session.participant_count} participants are in this session: "
            f"max_participants cannot be {participants_max}.",
        )
    with world.change():
        world.store.update(
            "video_sessions",
            session.pk,
            session_name=patch.get("session_name", session.session_name),
            participants_max=participants_max,
        )
        world.emit(
            SessionUpdated(at_ms=world.now_ms, session_id=session.id, changed=tuple(sorted(patch)))
        )
    return find(world, session.id)


def end(world: World, session: VideoSession) -> VideoSession:
    """End a call: all participants leave. Refuses (`conflict`) a call that has ended."""
    to = session_after(session.status, "end")
    now_ms = world.now_ms
    with world.change():
        for row in world.store.rows(
            "SELECT row, id FROM session_participants WHERE session_row = ?"
            " AND left_at_ms IS NULL ORDER BY row",
            session.pk,
        ):
            leave(world, session.id, row["row"], row["id"], now_ms, "ended")
        world.store.update("video_sessions", session.pk, status=to, ended_at_ms=now_ms)
        world.emit(SessionEnded(at_ms=now_ms, session_id=session.id))
    return find(world, session.id)


def leave(
    world: World, session_id: str, pk: int, participant_id: str, at_ms: int, reason: str
) -> None:
    """Free a seat, inside `change`."""
    world.store.update("session_participants", pk, left_at_ms=at_ms)
    world.emit(
        ParticipantLeft(
            at_ms=at_ms, session_id=session_id, participant_id=participant_id, reason=reason
        )
    )


def leave_all(world: World, user: User) -> None:
    """End the calls of a user who is about to be deleted, and free their seats in others."""
    settle(world)
    now_ms = world.now_ms
    with world.change():
        for row in world.store.rows(
            f"{_SELECT} WHERE host_row = ? AND status IN ('created', 'active')", user.pk
        ):
            end(world, _session(row))
        for row in world.store.rows(
            "SELECT session_participants.*, video_sessions.id AS session_id"
            " FROM session_participants JOIN video_sessions ON video_sessions.row = session_row"
            " WHERE session_participants.user_row = ? AND left_at_ms IS NULL",
            user.pk,
        ):
            leave(world, row["session_id"], row["row"], row["id"], now_ms, "left")


def settle(world: World) -> None:
    """Free the seats whose tokens have expired, each at its time of expiry."""
    lapsed = world.store.rows(
        "SELECT session_participants.*, video_sessions.id AS session_id FROM session_participants"
        " JOIN video_sessions ON video_sessions.row = session_row"
        " WHERE left_at_ms IS NULL AND expires_at_ms <= ? ORDER BY expires_at_ms",
        world.now_ms,
    )
    if lapsed:
        with world.change():
            for row in lapsed:
                at_ms = row["expires_at_ms"]
                leave(world, row["session_id"], row["row"], row["id"], at_ms, "expired")


def _of(
    world: World, user: User, of_session: str, of_participant: str
) -> tuple[list[VideoSession], int]:
    """Return the calls that match. The conditions are SQL from this file, never from a request."""
    settle(world)
    text = (
        f"SELECT row FROM video_sessions WHERE {of_session} host_row = ?1 UNION"
        " SELECT session_row FROM session_participants JOIN video_sessions"
        f" ON video_sessions.row = session_row WHERE {of_session} {of_participant}"
        " session_participants.user_row = ?1"
    )
    rows = world.store.rows(
        f"{_SELECT} WHERE video_sessions.row IN ({text}) ORDER BY video_sessions.row DESC LIMIT ?2",
        user.pk,
        LISTED_MAX,
    )
    return [_session(row) for row in rows], world.store.number(
        f"SELECT count(*) FROM ({text})", user.pk
    )


_session = partial(read_row, VideoSession)
