"""Profiles: what people say of themselves, and the figures that stand beside it."""

from collections.abc import Mapping

from msgspec import Struct

from emulator.core.events.people import ProfileUpdated
from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# What a user may change: columns of `users`.
FIELDS = ("display_name", "bio", "twitter", "github", "youtube", "website")


class Profile(Struct, frozen=True):
    """Of a user's streams those count that the viewer may see; `views` is over all their time."""

    user: User
    streams: int
    views: int
    current_stream: Stream | None


def of(world: World, user: User, viewer: User | None) -> Profile:
    """A user's profile, as `viewer` may see it: others see what is public."""
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
    """The stream with which a user is live now; the newest, if several are."""
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
    """Change what a user says of themselves. A field that is not in `given` stays as it is."""
    changed = tuple(name for name in FIELDS if name in changes)
    with world.change():
        world.store.update("users", user.pk, **{name: changes[name] for name in changed})
        world.emit(ProfileUpdated(at_ms=world.now_ms, user_id=user.id, changed=changed))
    return accounts.by_pk(world, user.pk)
