"""Facts of a stream's chat: its lines, those held or refused, its moderators, bans and settings."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from emulator.scenario.engine.run import Run, find_stream
from emulator.scenario.facts.fact import Fact, Noun, counted
from emulator.world.chat import settings
from emulator.world.chat.settings import ChatSettings
from emulator.world.live.streams import Stream


def _of(read: Callable[[Run, Stream], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(run, find_stream(run, name))


def _room(read: Callable[[ChatSettings], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(settings.of(run.world, find_stream(run, name).pk))


def _lines(run: Run, stream: Stream) -> int:
    return run.world.store.number("SELECT count(*) FROM messages WHERE stream_row = ?", stream.pk)


def _shown(run: Run, stream: Stream) -> int:
    return run.world.store.number(
        "SELECT count(*) FROM messages WHERE stream_row = ? AND is_deleted = 0", stream.pk
    )


def _lost(run: Run, stream: Stream) -> int:
    """Return how many lines were announced as posted and are not in the chat's history."""
    return run.counts.get(f"chat.posted/{stream.id}", 0) - (
        _lines(run, stream) - run.counts.get(f"chat.before/{stream.id}", 0)
    )


def _last(run: Run, stream: Stream) -> str | None:
    row = run.world.store.row(
        "SELECT content FROM messages WHERE stream_row = ? AND is_deleted = 0"
        " ORDER BY row DESC LIMIT 1",
        stream.pk,
    )
    return row["content"] if row else None


def _counted(what: str) -> Callable[[Run, str], Any]:
    return _of(lambda run, stream: run.counts.get(f"chat.{what}/{stream.id}", 0))


def _said(run: Run, name: str) -> Iterable[Mapping[str, Any]]:
    return [
        {"by": row["username"], "says": row["content"], "deleted": bool(row["is_deleted"])}
        for row in run.world.store.rows(
            "SELECT username, content, is_deleted FROM messages"
            " LEFT JOIN users ON users.row = user_row WHERE stream_row = ? ORDER BY messages.row",
            find_stream(run, name).pk,
        )
    ]


def _moderators(is_vip: bool) -> Callable[[Run, str], Iterable[Mapping[str, Any]]]:
    return lambda run, name: [
        {"user": row["username"]}
        for row in run.world.store.rows(
            "SELECT username FROM moderators JOIN users ON users.row = user_row"
            " WHERE stream_row = ? AND is_vip = ?",
            find_stream(run, name).pk,
            is_vip,
        )
    ]


def _bans(is_for_good: bool) -> Callable[[Run, str], Iterable[Mapping[str, Any]]]:
    return lambda run, name: [
        {"user": row["username"], "reason": row["reason"]}
        for row in run.world.store.rows(
            "SELECT username, reason FROM bans JOIN users ON users.row = user_row WHERE"
            " stream_row = ? AND (expires_at_ms IS NULL) = ? AND coalesce(expires_at_ms, ?) > ?",
            find_stream(run, name).pk,
            is_for_good,
            run.world.now_ms + 1,
            run.world.now_ms,
        )
    ]


CHAT = Noun(
    "stream",
    {
        "posted": Fact("number", "lines that were posted, with the deleted ones", _of(_lines)),
        "shown": Fact("number", "lines that everybody can still read", _of(_shown)),
        "held": Fact("number", "lines that a filter kept back", _counted("held")),
        "refused": Fact("number", "lines that a rule refused", _counted("refused")),
        "lost": Fact("number", "posted lines that are not in the history", _of(_lost)),
        "lines": counted(
            "lines that were posted; `where` selects some", ("by", "says", "deleted"), _said
        ),
        "moderators": counted("its moderators", ("user",), _moderators(is_vip=False)),
        "vips": counted("its VIPs", ("user",), _moderators(is_vip=True)),
        "bans": counted(
            "users that are banned for good", ("user", "reason"), _bans(is_for_good=True)
        ),
        "timeouts": counted(
            "users that are timed out now", ("user", "reason"), _bans(is_for_good=False)
        ),
        "last_line": Fact("text", "the last line that is not deleted", _of(_last)),
        "slow_mode": Fact(
            "duration", "the room's slow mode", _room(lambda s: s.slow_mode_seconds * 1000)
        ),
        "followers_only": Fact(
            "truth", "whether only followers may chat", _room(lambda s: s.is_followers_only)
        ),
        "emote_only": Fact(
            "truth", "whether only emotes may be posted", _room(lambda s: s.is_emote_only)
        ),
    },
)
NOUNS = {"chat": CHAT}
