"""Notifications to a user about others: new followers, and followed users that went live."""

from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World

NotificationType = Literal["new_follower", "stream_live"]


class Notification(Struct, frozen=True):
    """One notification. `actor_pk` is the follower, or the user that went live with `stream_id`."""

    pk: int
    id: str
    type: NotificationType
    actor_pk: int
    stream_id: str | None
    is_read: bool
    created_at_ms: int


_SELECT = """
SELECT notifications.*, streams.id AS stream_id
FROM notifications LEFT JOIN streams ON streams.row = notifications.stream_row
"""


def tell_of_follower(world: World, user: User, follower: User) -> None:
    """Notify a user of a new follower, inside `change`."""
    _write(world, user.pk, "new_follower", follower.pk, None)


def tell_followers(world: World, owner_pk: int, stream_pk: int) -> None:
    """Notify the owner's followers that a stream has gone live, inside `change`."""
    for row in world.store.rows(
        "SELECT follower_row FROM follows WHERE followed_row = ? ORDER BY row", owner_pk
    ):
        _write(world, row["follower_row"], "stream_live", owner_pk, stream_pk)


def page(
    world: World, user: User, *, unread_only: bool, offset: int, count: int
) -> tuple[list[Notification], int]:
    """Return one page of a user's notifications, newest first, and their total."""
    where = "notifications.user_row = ?" + (" AND notifications.is_read = 0" if unread_only else "")
    rows = world.store.rows(
        f"{_SELECT} WHERE {where} ORDER BY notifications.row DESC LIMIT ? OFFSET ?",
        user.pk,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM notifications WHERE {where}", user.pk)
    return [_notification(row) for row in rows], total


def unread_count(world: World, user: User) -> int:
    return world.store.number(
        "SELECT count(*) FROM notifications WHERE user_row = ? AND is_read = 0", user.pk
    )


def read(world: World, user: User, notification_id: str) -> Notification:
    """Mark one notification as read; do nothing if it is.

    Refuses (`not_found`) an unknown one, (`forbidden`) one of somebody else.
    """
    row = world.store.row(f"{_SELECT} WHERE notifications.id = ?", notification_id)
    if row is None:
        raise Refused("not_found", "Notification not found")
    if row["user_row"] != user.pk:
        raise Refused("forbidden", "Not authorized to read this notification")
    with world.change():
        world.store.update("notifications", row["row"], is_read=True)
    return _notification(row, is_read=True)


def read_all(world: World, user: User) -> int:
    """Mark all notifications as read. Returns how many were unread."""
    count = unread_count(world, user)
    with world.change():
        world.store.write(
            "UPDATE notifications SET is_read = 1 WHERE user_row = ? AND is_read = 0", user.pk
        )
    return count


def _write(
    world: World, user_pk: int, kind: NotificationType, actor_pk: int, stream_pk: int | None
) -> None:
    world.store.insert(
        "notifications",
        id=world.ids.uuid(),
        user_row=user_pk,
        type=kind,
        actor_row=actor_pk,
        stream_row=stream_pk,
        created_at_ms=world.now_ms,
    )


def _notification(row: Row, *, is_read: bool = False) -> Notification:
    return read_row(Notification, row, is_read=is_read or bool(row["is_read"]))
