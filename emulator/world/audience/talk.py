"""Talk: a stream's chat in numbers, kept as folds of its messages.

Posting a line costs nothing for it: what was said since is added when somebody asks. What was said
counts also if it was deleted since, unless its author is gone with all that was theirs.
"""

from emulator.world.live.streams import Stream
from emulator.world.world import World

_MINUTE_MS = 60_000


def totals(world: World, stream: Stream) -> tuple[int, int]:
    """How many lines were said, and by how many people."""
    _fold(world, stream)
    row = world.store.row(
        "SELECT coalesce(sum(messages), 0) AS lines, count(*) AS people FROM talk_authors"
        " WHERE stream_row = ?",
        stream.pk,
    )
    return (row["lines"], row["people"]) if row else (0, 0)


def busiest_minute(world: World, stream: Stream) -> int:
    """How many lines were said in the minute with the most, counted from the stream's start."""
    _fold(world, stream)
    return world.store.number(
        "SELECT max(messages) FROM talk_minutes WHERE stream_row = ?", stream.pk
    )


def most_active(world: World, stream: Stream, count: int) -> list[tuple[str, int]]:
    """The users that said the most, ties by name."""
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
    """Add what was said since somebody asked last."""
    store = world.store
    base_ms = stream.started_at_ms if stream.started_at_ms is not None else stream.created_at_ms
    row = store.row("SELECT counted_row, base_at_ms FROM talk WHERE stream_row = ?", stream.pk)
    # A chat is open before its stream is live. Going live gives its minutes another beginning.
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

    # On a full disk the figures are those of the last time.
    store.note(write, is_seen=False)


def _add(world: World, stream_pk: int, counted: int, base_ms: int) -> None:
    """Add the messages after the row `counted`."""
    since = "FROM messages WHERE stream_row = ?1 AND row > ?2"
    world.store.write(
        f"INSERT INTO talk_authors SELECT stream_row, user_row, count(*) {since}"
        " GROUP BY user_row ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        stream_pk,
        counted,
    )
    # Whole minutes, also those before the beginning, which count backwards.
    world.store.write(
        "INSERT INTO talk_minutes SELECT stream_row,"
        f" (created_at_ms - ?3 - (created_at_ms < ?3) * {_MINUTE_MS - 1}) / {_MINUTE_MS},"
        f" count(*) {since}"
        " GROUP BY 2 ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        stream_pk,
        counted,
        base_ms,
    )
