"""Bans: users that may not speak in a stream's chat, for ever or for a time (contract, BAN)."""

from functools import partial

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.chat import ChatBanned, ChatUnbanned
from emulator.world.chat import moderators, rooms
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.world import World

LISTED_MAX = 1000


class Ban(Struct, frozen=True):
    """One ban. `expires_at_ms` is None for a permanent ban.

    `created_by_pk` is None once that account is deleted.
    """

    id: str
    user_pk: int
    created_by_pk: int | None
    reason: str | None
    created_at_ms: int
    expires_at_ms: int | None


def add(
    world: World,
    stream: Stream,
    by: User,
    target: User,
    *,
    reason: str | None = None,
    duration_seconds: int | None = None,
) -> Ban:
    """Ban a user, or time them out for `duration_seconds`. An earlier ban is replaced.

    Refuses (`forbidden`) callers that may not moderate, a ban of the owner, and a moderator's ban
    of another moderator. A moderator whom the owner bans loses that role.
    """
    rank = rooms.check_moderator(world, stream, by)
    target_rank = rooms.rank_of(world, stream, target)
    if target_rank == "broadcaster":
        raise Refused("forbidden", "The owner of a stream cannot be banned from its chat")
    if target_rank == "moderator" and rank != "broadcaster":
        raise Refused("forbidden", "Only the owner can ban a moderator")
    now_ms = world.now_ms
    expires_at_ms = None if duration_seconds is None else now_ms + duration_seconds * 1000
    with world.change():
        if target_rank == "moderator":
            moderators.drop(world, stream, target)
        world.store.write(
            "INSERT OR REPLACE INTO bans (id, stream_row, user_row, created_by_row, reason,"
            " created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
            world.ids.uuid(),
            stream.pk,
            target.pk,
            by.pk,
            reason,
            now_ms,
            expires_at_ms,
        )
        world.emit(
            ChatBanned(
                at_ms=now_ms,
                stream_id=stream.id,
                user_id=target.id,
                username=target.username,
                by_user_id=by.id,
                reason=reason,
                expires_at_ms=expires_at_ms,
            )
        )
    return _of(world, stream, target)


def lift(world: World, stream: Stream, by: User, target: User) -> None:
    """Lift a user's ban.

    Refuses (`not_found`) a user without a ban, (`forbidden`) non-moderators.
    """
    rooms.check_moderator(world, stream, by)
    _of(world, stream, target)
    with world.change():
        world.store.write(
            "DELETE FROM bans WHERE stream_row = ? AND user_row = ?", stream.pk, target.pk
        )
        world.emit(
            ChatUnbanned(
                at_ms=world.now_ms,
                stream_id=stream.id,
                user_id=target.id,
                username=target.username,
                by_user_id=by.id,
            )
        )


def active(world: World, stream: Stream, by: User) -> tuple[list[Ban], int]:
    """Return the newest `LISTED_MAX` bans in force, and their total.

    Refuses (`forbidden`) users that may not moderate.
    """
    rooms.check_moderator(world, stream, by)
    where = "FROM bans WHERE stream_row = ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)"
    values = (stream.pk, world.now_ms)
    rows = world.store.rows(f"SELECT * {where} ORDER BY row DESC LIMIT ?", *values, LISTED_MAX)
    return [_ban(row) for row in rows], world.store.number(f"SELECT count(*) {where}", *values)


def _of(world: World, stream: Stream, target: User) -> Ban:
    row = world.store.row(
        "SELECT * FROM bans WHERE stream_row = ? AND user_row = ?"
        " AND (expires_at_ms IS NULL OR expires_at_ms > ?)",
        stream.pk,
        target.pk,
        world.now_ms,
    )
    if row is None:
        raise Refused("not_found", "This user is not banned from this chat")
    return _ban(row)


_ban = partial(read_row, Ban)
