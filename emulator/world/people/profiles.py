"""Profiles: what users say about themselves, and the figures shown next to it."""

from collections.abc import Mapping

from msgspec import Struct

from emulator.core.events.people import ProfileUpdated
from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# The columns of `users` that a user may change.
FIELDS = ("display_name", "bio", "twitter", "github", "youtube", "website")


class Profile(Struct, frozen=True):
    """A user's profile.

    `streams` and `views` cover the streams that the viewer may see, of all time.
    """

    user: User
    streams: int
    views: int
    current_stream: Stream | None


def of(world: World, user: User, viewer: User | None) -> Profile:
    """Return a user's profile. Everybody but the user sees only what is public."""
    is_own = viewer is not None and viewer.pk == user.pk
    attendance.settle_of(world, user.pk)
    row = world.store.row(
        "SELECT count(*) AS streams, sum(audience.views) AS views FROM streams"
        " LEFT JOIN audience ON audience.stream_row = streams.row"
        " WHERE streams.user_row = ? AND (streams.visibility = 'public' OR ?)",
        user.pk,
        is_own,
    )
    return Profile(
        user=user,
        streams=row["streams"] if row else 0,
        views=(row["views"] or 0) if row else 0,
        current_stream=current_stream(world, user, viewer),
    )


def current_stream(world: World, user: User, viewer: User | None) -> Stream | None:
    """Return the stream with which a user is live now, the newest of several, or None."""
    is_own = viewer is not None and viewer.pk == user.pk
    live = streams.select(
        world,
        "WHERE streams.user_row = ? AND streams.status = 'live'"
        " AND (streams.visibility = 'public' OR ?)"
        " ORDER BY streams.created_at_ms DESC, streams.row DESC LIMIT 1",
        user.pk,
        is_own,
    )
    return live[0] if live else None


def update(world: World, user: User, changes: Mapping[str, str | None]) -> User:
    """Change a user's profile. Fields that are not in `changes` stay as they are."""
    changed = tuple(name for name in FIELDS if name in changes)
    with world.change():
        world.store.update("users", user.pk, **{name: changes[name] for name in changed})
        world.emit(ProfileUpdated(at_ms=world.now_ms, user_id=user.id, changed=changed))
    return accounts.by_pk(world, user.pk)
