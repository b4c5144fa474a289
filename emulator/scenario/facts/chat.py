"""Facts of a stream's chat: what was said, held, refused, and what the room asks for."""

from collections.abc import Callable
from typing import Any

from emulator.scenario.facts.fact import Fact, Noun
from emulator.scenario.stage import Evening, find_stream
from emulator.world.chat import settings
from emulator.world.chat.settings import ChatSettings
from emulator.world.live.streams import Stream


def _of(read: Callable[[Evening, Stream], Any]) -> Callable[[Evening, str], Any]:
    return lambda evening, name: read(evening, find_stream(evening, name))


def _room(read: Callable[[ChatSettings], Any]) -> Callable[[Evening, str], Any]:
    return lambda evening, name: read(settings.of(evening.world, find_stream(evening, name).row))


def _lines(evening: Evening, stream: Stream) -> int:
    return evening.world.store.number(
        "SELECT count(*) FROM messages WHERE stream_row = ?", stream.row
    )


def _shown(evening: Evening, stream: Stream) -> int:
    return evening.world.store.number(
        "SELECT count(*) FROM messages WHERE stream_row = ? AND is_deleted = 0", stream.row
    )


def _lost(evening: Evening, stream: Stream) -> int:
    """Lines that were announced as posted and are not in the chat's history."""
    return evening.counts.get(f"chat.posted/{stream.id}", 0) - (
        _lines(evening, stream) - evening.counts.get(f"chat.before/{stream.id}", 0)
    )


def _last(evening: Evening, stream: Stream) -> str | None:
    found = evening.world.store.row(
        "SELECT content FROM messages WHERE stream_row = ? AND is_deleted = 0"
        " ORDER BY row DESC LIMIT 1",
        stream.row,
    )
    return found["content"] if found else None


def _counted(what: str) -> Callable[[Evening, str], Any]:
    return _of(lambda evening, stream: evening.counts.get(f"chat.{what}/{stream.id}", 0))


CHAT = Noun(
    "stream",
    {
        "posted": Fact("number", "lines that were said, deleted ones too", _of(_lines)),
        "shown": Fact("number", "lines that everybody can still read", _of(_shown)),
        "held": Fact("number", "lines that a filter kept back", _counted("held")),
        "refused": Fact("number", "lines that a rule refused", _counted("refused")),
        "lost": Fact("number", "posted lines that are not in the history", _of(_lost)),
        "last_line": Fact("text", "what was said last", _of(_last)),
        "slow_mode": Fact(
            "duration", "the room's slow mode", _room(lambda s: s.slow_mode_seconds * 1000)
        ),
        "followers_only": Fact(
            "truth", "whether only followers may chat", _room(lambda s: s.is_followers_only)
        ),
        "emote_only": Fact(
            "truth", "whether only emotes are taken", _room(lambda s: s.is_emote_only)
        ),
    },
)
NOUNS = {"chat": CHAT}
