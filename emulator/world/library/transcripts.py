"""Transcripts of streams. A stand-in: the sound is not recognised.

A transcript consists of the stream's title, description and chat. The same data give the same
transcript, and its first line says what it is.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.world.live.streams import Stream

STAND_IN = (
    "This transcript is a stand-in made by the emulator: nobody listened."
    " It retells the stream's announcement and its chat."
)
LINES_MAX = 500
# The length of a line, unless the next line begins earlier.
_LINE_MS = 5_000


class Line(Struct, frozen=True):
    """One line.

    Times count from the stream's start; `speaker` is a username, None for the stand-in.
    """

    text: str
    from_ms: int
    to_ms: int
    speaker: str | None


def of(world: World, stream: "Stream") -> list[Line]:
    """Return the whole transcript, with at most the first `LINES_MAX` lines of chat."""
    lines = [Line(STAND_IN, 0, 0, None)]
    owner = world.store.row("SELECT username FROM users WHERE row = ?", stream.user_pk)
    host = str(owner["username"]) if owner else None
    for text in (stream.title, stream.description):
        if text:
            lines.append(Line(text, 0, 0, host))
    return lines + said(world, stream)


def said(world: World, stream: "Stream") -> list[Line]:
    """Return at most the first `LINES_MAX` chat lines of a stream that has begun."""
    if stream.started_at_ms is None:
        return []
    chat = _chat(world, stream.pk, stream.started_at_ms)
    lines: list[Line] = []
    for number, (text, at_ms, speaker) in enumerate(chat):
        next_ms = chat[number + 1][1] if number + 1 < len(chat) else at_ms + _LINE_MS
        lines.append(Line(text, at_ms, min(next_ms, at_ms + _LINE_MS), speaker))
    return lines


def text_of(world: World, stream_pk: int) -> str:
    """Return the text for searches: only the chat; title and description are indexed apart."""
    return "\n".join(text for text, _, _ in _chat(world, stream_pk, 0))


def _chat(world: World, stream_pk: int, began_ms: int) -> list[tuple[str, int, str]]:
    rows = world.store.rows(
        "SELECT messages.content, messages.created_at_ms, users.username FROM messages"
        " JOIN users ON users.row = messages.user_row WHERE messages.stream_row = ?"
        " AND messages.is_deleted = 0 ORDER BY messages.row LIMIT ?",
        stream_pk,
        LINES_MAX,
    )
    return [
        (row["content"], max(0, row["created_at_ms"] - began_ms), row["username"]) for row in rows
    ]
