"""Follows: which users follow which other users."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import UserFollowed, UserUnfollowed
from emulator.world.people import accounts, notifications
from emulator.world.people.accounts import User
from emulator.world.world import World


class Follow(Struct, frozen=True):
    id: str
    follower_id: str
    followed_id: str
    created_at_ms: int


def follow(world: World, follower: User, followed: User) -> Follow:
    """Let one user follow another; the followed user gets a notification.

    Refuses (`bad_request`) following oneself, (`conflict`) a user that is already followed.
    """
    if follower.pk == followed.pk:
        raise Refused("bad_request", "You cannot follow yourself")
    if is_following(world, follower, followed):
        raise Refused("conflict", "Already following this user")
    created = Follow(world.ids.uuid(), follower.id, followed.id, world.now_ms)
    with world.change():
        world.store.insert(
            "follows",
            id=created.id,
            follower_row=follower.pk,
            followed_row=followed.pk,
            created_at_ms=created.created_at_ms,
        )
        notifications.tell_of_follower(world, followed, follower)
        world.emit(
            UserFollowed(
                at_ms=created.created_at_ms,
                follow_id=created.id,
                follower_id=follower.id,
                followed_id=followed.id,
            )
        )
    return created


def unfollow(world: World, follower: User, followed: User) -> None:
    """Stop following a user. Refuses (`not_found`) a user that is not followed."""
    if not is_following(world, follower, followed):
        raise Refused("not_found", "Not following this user")
    with world.change():
        world.store.write(
            "DELETE FROM follows WHERE follower_row = ? AND followed_row = ?",
            follower.pk,
            followed.pk,
        )
        world.emit(
            UserUnfollowed(at_ms=world.now_ms, follower_id=follower.id, followed_id=followed.id)
        )


def is_following(world: World, follower: User, followed: User) -> bool:
    row = world.store.row(
        "SELECT 1 FROM follows WHERE follower_row = ? AND followed_row = ?",
        follower.pk,
        followed.pk,
    )
    return row is not None


def followers(world: World, user: User, *, offset: int, count: int) -> tuple[list[User], int]:
    """Return one page of a user's followers, newest first, and their total.

    Followers counted by `followers_base` are only a number: they have no accounts to list.
    """
    return _page(world, user, ("follower_row", "followed_row"), offset, count)


def following(world: World, user: User, *, offset: int, count: int) -> tuple[list[User], int]:
    """Return one page of the users that a user follows, newest first, and their total."""
    return _page(world, user, ("followed_row", "follower_row"), offset, count)


def _page(
    world: World, user: User, columns: tuple[str, str], offset: int, count: int
) -> tuple[list[User], int]:
    listed, fixed = columns
    rows = world.store.rows(
        f"SELECT {listed} AS row FROM follows WHERE {fixed} = ?"
        " ORDER BY follows.row DESC LIMIT ? OFFSET ?",
        user.pk,
        count,
        offset,
    )
    users = accounts.by_pks(world, [row["row"] for row in rows])
    total = world.store.number(f"SELECT count(*) FROM follows WHERE {fixed} = ?", user.pk)
    return [users[row["row"]] for row in rows], total
