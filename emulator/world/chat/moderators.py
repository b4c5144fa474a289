"""Moderators and VIPs of a stream's chat: one list; `is_vip` distinguishes them.

A VIP may not moderate, but slow mode and followers-only do not apply to VIPs.
"""

from functools import partial

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.chat import ModeratorAdded, ModeratorChanged, ModeratorRemoved
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World


class Moderator(Struct, frozen=True):
    """One entry of the list. `id` is the id of the entry, not of the user."""

    id: str
    user_pk: int
    is_vip: bool
    added_at_ms: int


def of(world: World, stream: Stream) -> list[Moderator]:
    """Return a stream's moderators and VIPs in the order in which they were added."""
    rows = world.store.rows("SELECT * FROM moderators WHERE stream_row = ? ORDER BY row", stream.pk)
    return [_moderator(row) for row in rows]


def add(world: World, stream: Stream, target: User, *, is_vip: bool) -> Moderator:
    """Make a user a moderator or a VIP. The caller has to check that the owner asks for it.

    Refuses (`conflict`) the owner, a user already on the list, and a banned user.
    """
    if target.pk == stream.user_pk:
        raise Refused("conflict", "The owner of a stream moderates its chat anyway")
    if _row_of(world, stream, target) is not None:
        raise Refused("conflict", "This user is a moderator or VIP already")
    if _is_banned(world, stream, target):
        raise Refused("conflict", "This user is banned from this chat. Lift the ban first.")
    moderator_id = world.ids.uuid()
    with world.change():
        world.store.insert(
            "moderators",
            id=moderator_id,
            stream_row=stream.pk,
            user_row=target.pk,
            is_vip=is_vip,
            added_at_ms=world.now_ms,
        )
        world.emit(
            ModeratorAdded(
                at_ms=world.now_ms,
                stream_id=stream.id,
                user_id=target.id,
                username=target.username,
                is_vip=is_vip,
            )
        )
    return find(world, stream, moderator_id)


def change(world: World, stream: Stream, moderator: Moderator, *, is_vip: bool) -> Moderator:
    """Turn a moderator into a VIP, or a VIP into a moderator."""
    user = accounts.by_pk(world, moderator.user_pk)
    if moderator.is_vip == is_vip:
        return moderator
    with world.change():
        world.store.write("UPDATE moderators SET is_vip = ? WHERE id = ?", is_vip, moderator.id)
        world.emit(
            ModeratorChanged(
                at_ms=world.now_ms,
                stream_id=stream.id,
                user_id=user.id,
                username=user.username,
                is_vip=is_vip,
            )
        )
    return find(world, stream, moderator.id)


def remove(world: World, stream: Stream, moderator: Moderator) -> None:
    """Remove an entry from the list."""
    drop(world, stream, accounts.by_pk(world, moderator.user_pk))


def drop(world: World, stream: Stream, user: User) -> None:
    """Remove a user from the list, inside `change`."""
    with world.change():
        world.store.write(
            "DELETE FROM moderators WHERE stream_row = ? AND user_row = ?", stream.pk, user.pk
        )
        world.emit(
            ModeratorRemoved(
                at_ms=world.now_ms, stream_id=stream.id, user_id=user.id, username=user.username
            )
        )


def find(world: World, stream: Stream, moderator_id: str) -> Moderator:
    """Return the entry with this id. Refuses (`not_found`) an id not on this stream's list."""
    row = world.store.row(
        "SELECT * FROM moderators WHERE id = ? AND stream_row = ?", moderator_id, stream.pk
    )
    if row is None:
        raise Refused("not_found", "Moderator not found")
    return _moderator(row)


def _row_of(world: World, stream: Stream, user: User) -> Row | None:
    return world.store.row(
        "SELECT row FROM moderators WHERE stream_row = ? AND user_row = ?", stream.pk, user.pk
    )


def _is_banned(world: World, stream: Stream, user: User) -> bool:
    row = world.store.row(
        "SELECT 1 FROM bans WHERE stream_row = ? AND user_row = ?"
        " AND (expires_at_ms IS NULL OR expires_at_ms > ?)",
        stream.pk,
        user.pk,
        world.now_ms,
    )
    return row is not None


_moderator = partial(read_row, Moderator)
