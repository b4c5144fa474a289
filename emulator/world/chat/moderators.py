"""Moderators and VIPs of a stream's chat: one list, in which `is_vip` says which of the two.

A moderator keeps order; a VIP does not, but slow mode and followers-only do not hold for them.
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
    """One entry. `id` is the entry's own."""

    id: str
    user_pk: int
    is_vip: bool
    added_at_ms: int


def of(world: World, stream: Stream) -> list[Moderator]:
    """A stream's moderators and VIPs, the first added first."""
    rows = world.store.rows("SELECT * FROM moderators WHERE stream_row = ? ORDER BY row", stream.pk)
    return [_moderator(row) for row in rows]


def add(world: World, stream: Stream, target: User, *, is_vip: bool) -> Moderator:
    """Make somebody a moderator or a VIP. Whether the caller is the owner is asked before.

    Refuses (`conflict`) the owner, a user on the list already, and a banned one.
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
    """Make a VIP of a moderator, or the other way round."""
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
    """Take somebody off the list."""
    drop(world, stream, accounts.by_pk(world, moderator.user_pk))


def drop(world: World, stream: Stream, user: User) -> None:
    """Take a user off the list, inside `change`."""
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
    """The entry with this id. Refuses (`not_found`) one that is not of this stream."""
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
