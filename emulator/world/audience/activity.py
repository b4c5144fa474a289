"""Activity: the recent events of a channel, newest first."""

from typing import Literal

from msgspec import Struct

from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

Kind = Literal["stream_live", "stream_ended", "new_follower", "vod_ready", "clip_created"]

# A user has few of these rows; each part has its own LIMIT before they are merged.
_EVENTS = """
SELECT kind, at_ms, stream_id, title, user_row FROM (
    SELECT * FROM (
        SELECT 'stream_live' AS kind, started_at_ms AS at_ms, id AS stream_id, title,
            NULL AS user_row, row FROM streams
        WHERE user_row = ?1 AND started_at_ms IS NOT NULL ORDER BY at_ms DESC, row DESC LIMIT ?2)
    UNION ALL SELECT * FROM (
        SELECT 'stream_ended', ended_at_ms AS at_ms, id, title, NULL, row FROM streams
        WHERE user_row = ?1 AND ended_at_ms IS NOT NULL ORDER BY at_ms DESC, row DESC LIMIT ?2)
    UNION ALL SELECT * FROM (
        SELECT 'new_follower', created_at_ms AS at_ms, NULL, NULL, follower_row, row FROM follows
        WHERE followed_row = ?1 ORDER BY at_ms DESC, row DESC LIMIT ?2)
    UNION ALL SELECT * FROM (
        SELECT 'vod_ready', vods.ready_at_ms AS at_ms, streams.id, vods.title, NULL, vods.row
        FROM vods LEFT JOIN streams ON streams.row = vods.stream_row
        WHERE vods.user_row = ?1 AND vods.ready_at_ms IS NOT NULL
        ORDER BY at_ms DESC, vods.row DESC LIMIT ?2)
    UNION ALL SELECT * FROM (
        SELECT 'clip_created', clips.created_at_ms AS at_ms, streams.id, clips.title,
            clips.user_row, clips.row
        FROM streams JOIN clips ON clips.stream_row = streams.row
        WHERE streams.user_row = ?1 ORDER BY at_ms DESC, clips.row DESC LIMIT ?2)
) ORDER BY at_ms DESC, kind, row DESC LIMIT ?2
"""


class Happening(Struct, frozen=True):
    """One event of a channel. `user` is the acting user, None if it is the channel's own.

    `title` is the title of the stream, VOD or clip.
    """

    kind: Kind
    at_ms: int
    stream_id: str | None
    title: str | None
    user: User | None


class NewFollower(Struct, frozen=True):
    user: User
    at_ms: int


def recent(world: World, user: User, count: int) -> list[Happening]:
    """Return the last `count` events of a user's channel, newest first."""
    rows = world.store.rows(_EVENTS, user.pk, count)
    actors = accounts.by_pks(world, {row["user_row"] for row in rows if row["user_row"]})
    return [
        Happening(
            row["kind"], row["at_ms"], row["stream_id"], row["title"], actors.get(row["user_row"])
        )
        for row in rows
    ]


def recent_followers(world: World, user: User, count: int) -> list[NewFollower]:
    """Return the last `count` followers of a user, newest first."""
    rows = world.store.rows(
        "SELECT follower_row, created_at_ms FROM follows WHERE followed_row = ?"
        " ORDER BY created_at_ms DESC, row DESC LIMIT ?",
        user.pk,
        count,
    )
    followers = accounts.by_pks(world, {row["follower_row"] for row in rows})
    return [NewFollower(followers[row["follower_row"]], row["created_at_ms"]) for row in rows]
