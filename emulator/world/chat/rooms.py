"""Rooms: what a line meets when it comes in: the stream's state, its settings, the author's rank.

One query a line, since a flood asks for it thousands of times a second.
"""

from typing import Literal

from emulator.core.errors import Refused
from emulator.core.values import dataclass
from emulator.world.chat.settings import COLUMNS, UNCHANGED, ChatSettings, as_stored
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

Rank = Literal["broadcaster", "moderator", "vip", "viewer"]

# Read by position: a name would be looked for among all of them, for each value of each line.
_ROOM = f"""
SELECT streams.row, streams.user_row, streams.status, streams.visibility,
    moderators.is_vip, bans.row, bans.expires_at_ms, last.created_at_ms, last.content,
    (SELECT id FROM users WHERE users.row = ?2),
    CASE chat_settings.is_followers_only WHEN 1 THEN EXISTS (SELECT 1 FROM follows
        WHERE follower_row = ?2 AND followed_row = streams.user_row) ELSE 0 END,
    chat_settings.stream_row, {COLUMNS}
FROM streams
LEFT JOIN chat_settings ON chat_settings.stream_row = streams.row
LEFT JOIN moderators ON moderators.stream_row = streams.row AND moderators.user_row = ?2
LEFT JOIN bans ON bans.stream_row = streams.row AND bans.user_row = ?2
LEFT JOIN messages AS last ON last.row =
    (SELECT max(row) FROM messages WHERE user_row = ?2 AND stream_row = streams.row)
WHERE streams.id = ?1
"""


# Not frozen, which would take three times as long to make.
@dataclass(slots=True)
class Room:
    """A stream's chat, as it stands for one author, who said `last_line` at `last_line_at_ms`.

    `ban_expires_at_ms` is None for a ban for good. `is_follower` is known where it is asked for.
    """

    stream_row: int
    status: Status
    settings: ChatSettings
    rank: Rank
    is_banned: bool
    ban_expires_at_ms: int | None
    last_line_at_ms: int | None
    last_line: str | None
    is_follower: bool


def enter(world: World, stream_id: str, author: User) -> Room:
    """The room as `author` meets it.

    Refuses (`not_found`) an unknown or hidden stream, (`unauthorized`) an account that is gone.
    """
    found = world.store.row(_ROOM, stream_id, author.row)
    if found is None:
        raise Refused("not_found", "Stream not found")
    (row, owner_row, status, visibility, is_vip, ban_row, expires_at_ms, *rest) = found
    (last_at_ms, last_line, author_id, is_follower, is_set, *columns) = rest
    is_owner = owner_row == author.row
    if visibility == "private" and not is_owner:
        raise Refused("not_found", "Stream not found")
    if author_id != author.id:
        raise Refused("unauthorized", "This account is gone")
    return Room(
        row,
        status,
        UNCHANGED if is_set is None else as_stored(*columns),
        "broadcaster" if is_owner else _rank(is_vip),
        ban_row is not None and (expires_at_ms is None or expires_at_ms > world.now_ms),
        expires_at_ms,
        last_at_ms,
        last_line,
        bool(is_follower),
    )


def rank_of(world: World, stream: Stream, user: User | None) -> Rank:
    """What somebody is in a stream's chat."""
    if user is None:
        return "viewer"
    if user.row == stream.user_row:
        return "broadcaster"
    found = world.store.row(
        "SELECT is_vip FROM moderators WHERE stream_row = ? AND user_row = ?", stream.row, user.row
    )
    return _rank(found["is_vip"] if found else None)


def may_moderate(rank: Rank) -> bool:
    """A VIP is known in the room, but keeps no order in it."""
    return rank in {"broadcaster", "moderator"}


def check_moderator(world: World, stream: Stream, user: User) -> Rank:
    """What `user` is. Refuses (`forbidden`) who is neither the owner nor a moderator."""
    rank = rank_of(world, stream, user)
    if not may_moderate(rank):
        raise Refused("forbidden", "Not authorized to moderate this chat")
    return rank


def _rank(is_vip: int | None) -> Rank:
    if is_vip is None:
        return "viewer"
    return "vip" if is_vip else "moderator"
