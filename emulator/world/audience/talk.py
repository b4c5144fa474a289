"""Talk: a stream's chat in numbers, updated when they are read.

Posting a line does no work for it: new lines are added when somebody asks for the figures. Deleted
lines stay counted, unless their author's account was deleted.
"""

from emulator.world.live.streams import Stream
from emulator.world.world import World

_MINUTE_MS = 60_000


def totals(world: World, stream: Stream) -> tuple[int, int]:
    """Return how many lines were posted, and by how many users."""
    _fold(world, stream)
    row = world.store.row(
        "SELECT coalesce(sum(messages), 0) AS lines, count(*) AS people FROM talk_authors"
        " WHERE stream_row = ?",
        stream.pk,
    )
    return (row["lines"], row["people"]) if row else (0, 0)


def busiest_minute(world: World, stream: Stream) -> int:
    """Return the number of lines in the busiest minute, counted from the stream's start."""
    _fold(world, stream)
    return world.store.number(
        "SELECT max(messages) FROM talk_minutes WHERE stream_row = ?", stream.pk
    )


def most_active(world: World, stream: Stream, count: int) -> list[tuple[str, int]]:
    """Return the users with the most lines, equal ones by name."""
    _fold(world, stream)
    rows = world.store.rows(
        "SELECT users.username, talk_authors.messages FROM talk_authors JOIN users"
        " ON users.row = talk_authors.user_row WHERE talk_authors.stream_row = ?"
        " ORDER BY talk_authors.messages DESC, users.username LIMIT ?",
        stream.pk,
        count,
    )
    return [(row["username"], row["messages"]) for row in rows]


def _fold(world: World, stream: Stream) -> None:
    """Add the lines since the last call."""
    store = world.store
    base_ms = stream.started_at_ms if stream.started_at_ms is not None else stream.created_at_ms
    row = store.row("SELECT counted_row, base_at_ms FROM talk WHERE stream_row = ?", stream.pk)
    # A chat is open before its stream is live. Going live changes where its minutes begin.
    is_current = row is not None and row["base_at_ms"] == base_ms
    counted = row["counted_row"] if row is not None and is_current else 0
    newest = store.number("SELECT max(row) FROM messages WHERE stream_row = ?", stream.pk)
    if newest <= counted:
        return

    def write() -> None:
        if not is_current:
            store.write("DELETE FROM talk_authors WHERE stream_row = ?", stream.pk)
            store.write("DELETE FROM talk_minutes WHERE stream_row = ?", stream.pk)
        _add(world, stream.pk, counted, base_ms)
        store.write("INSERT OR REPLACE INTO talk VALUES (?, ?, ?)", stream.pk, newest, base_ms)

    # On a full disk the figures stay as they were at the last call.
    store.note(write, is_seen=False)


def _add(world: World, stream_pk: int, counted: int, base_ms: int) -> None:
    """Add the messages after the primary key `counted`."""
    since = "FROM messages WHERE stream_row = ?1 AND row > ?2"
    world.store.write(
        f"INSERT INTO talk_authors SELECT stream_row, user_row, count(*) {since}"
        " GROUP BY user_row ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        stream_pk,
        counted,
    )
    # Whole minutes; those before the start are negative.
    world.store.write(
        "INSERT INTO talk_minutes SELECT stream_row,"
        f" (created_at_ms - ?3 - (created_at_ms < ?3) * {_MINUTE_MS - 1}) / {_MINUTE_MS},"
        f" count(*) {since}"
        " GROUP BY 2 ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        stream_pk,
        counted,
        base_ms,
    )
