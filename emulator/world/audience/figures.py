"""Figures of one stream: its owner's statistics of viewers and chat, as of now.

They are read from `attendance` and from the chat's lines. Rates are fractions of one, rounded to
four places; minutes and means to two.
"""

from typing import Literal

from msgspec import Struct

from emulator.world.audience import attendance, talk
from emulator.world.audience.countries import name_of
from emulator.world.live.streams import Stream
from emulator.world.store.rows import read_row
from emulator.world.world import World

MINUTE_MS = 60_000
# A view shorter than this counts as a bounce.
_BOUNCE_MINUTES = 1
_CHATTERS_SHOWN = 10


class Totals(Struct, frozen=True):
    """The totals of a stream. `watch_ms` is the sum over all viewers.

    `mean` is the time-weighted mean of the viewer count.
    """

    views: int
    uniques: int
    signed_in: int
    peak: int
    mean: float
    watch_ms: int
    messages: int
    chatters: int

    @property
    def watch_minutes(self) -> float:
        return round(self.watch_ms / MINUTE_MS, 2)


class Country(Struct, frozen=True):
    """Viewers from one country. `share` is in percent of all unique viewers."""

    code: str
    name: str
    viewers: int
    share: float


class Chatter(Struct, frozen=True):
    username: str
    messages: int


class ChatFigures(Struct, frozen=True):
    messages: int
    chatters: int
    per_minute: float
    peak_per_minute: int
    most_active: tuple[Chatter, ...]


class Engagement(Struct, frozen=True):
    """The viewers' participation.

    `retention` has, for each whole minute, the percentage of views that lasted at least that long.
    """

    watch_minutes_mean: float
    chat_participation: float
    messages_per_viewer: float
    new_followers: int
    bounce: float
    retention: tuple[tuple[int, float], ...]
    clips: int


def totals(world: World, stream: Stream) -> Totals:
    """Return a stream's totals up to now, or up to its end."""
    attendance.settle(world, stream)
    row = world.store.row("SELECT * FROM audience WHERE stream_row = ?", stream.pk)
    messages, chatters = talk.totals(world, stream)
    if row is None:
        return Totals(0, 0, 0, stream.peak_viewer_count, 0.0, 0, messages, chatters)
    watch_ms = row["watch_ms"] + row["viewers"] * max(
        0, _end_ms(world, stream) - row["changed_at_ms"]
    )
    length_ms = duration_ms(world, stream)
    return read_row(
        Totals,
        row,
        mean=round(watch_ms / length_ms, 2) if length_ms else float(row["viewers"]),
        watch_ms=watch_ms,
        messages=messages,
        chatters=chatters,
    )


def timeline(world: World, stream: Stream, interval_minutes: int) -> list[tuple[int, int]]:
    """Return pairs (time in ms, viewers), one every `interval_minutes` from the start on."""
    if stream.started_at_ms is None:
        return []
    attendance.settle(world, stream)
    points = world.store.rows(
        "SELECT at_ms, viewers FROM audience_points WHERE stream_row = ? ORDER BY at_ms, row",
        stream.pk,
    )
    samples: list[tuple[int, int]] = []
    index = viewers = 0
    step_ms = interval_minutes * MINUTE_MS
    for at_ms in range(stream.started_at_ms, _end_ms(world, stream) + 1, step_ms):
        while index < len(points) and points[index]["at_ms"] <= at_ms:
            viewers = points[index]["viewers"]
            index += 1
        samples.append((at_ms, viewers))
    return samples


def recent(world: World, stream: Stream, span_ms: int, step_ms: int) -> tuple[int, list[int]]:
    """Return the viewer count at every `step_ms` of the last `span_ms` before now or the end.

    Returned are the time (ms) of the first number, and all numbers; none if the stream has not
    begun.
    """
    attendance.settle(world, stream)
    end_ms = _end_ms(world, stream)
    if stream.started_at_ms is None:
        return end_ms, []
    steps = min(span_ms, max(0, end_ms - stream.started_at_ms)) // step_ms
    begin_ms = end_ms - steps * step_ms
    before = world.store.row(
        "SELECT viewers FROM audience_points WHERE stream_row = ? AND at_ms <= ?"
        " ORDER BY at_ms DESC, row DESC LIMIT 1",
        stream.pk,
        begin_ms,
    )
    # The last point of each step: `viewers` is of the row with the `max` (SQLite, bare columns).
    points = world.store.rows(
        "SELECT (at_ms - ? + ? - 1) / ? AS step, max(row), viewers FROM audience_points"
        " WHERE stream_row = ? AND at_ms > ? AND at_ms <= ? GROUP BY step",
        begin_ms,
        step_ms,
        step_ms,
        stream.pk,
        begin_ms,
        end_ms,
    )
    changes = {point["step"]: point["viewers"] for point in points}
    viewers = before["viewers"] if before else 0
    samples: list[int] = []
    for step in range(steps + 1):
        viewers = changes.get(step, viewers)
        samples.append(viewers)
    return begin_ms, samples


def geography(world: World, stream: Stream) -> list[Country]:
    """Return the countries of unique viewers, most viewers first, equal ones by code."""
    attendance.settle(world, stream)
    rows = world.store.rows(
        "SELECT country, viewers FROM audience_countries WHERE stream_row = ?"
        " ORDER BY viewers DESC, country",
        stream.pk,
    )
    return countries([(row["country"], row["viewers"]) for row in rows])


def traits(world: World, stream: Stream, kind: Literal["device", "referrer"]) -> dict[str, int]:
    """Return unique viewers by device or referrer, most viewers first, equal ones by name."""
    attendance.settle(world, stream)
    rows = world.store.rows(
        "SELECT name, viewers FROM audience_traits WHERE stream_row = ? AND kind = ?"
        " AND viewers > 0 ORDER BY viewers DESC, name",
        stream.pk,
        kind,
    )
    return {row["name"]: row["viewers"] for row in rows}


def countries(counts: list[tuple[str, int]]) -> list[Country]:
    """Make countries from pairs (code, viewers), in their order; without those of 0 viewers."""
    total = sum(viewers for _, viewers in counts)
    return [
        Country(code, name_of(code), viewers, round(100 * viewers / total, 2))
        for code, viewers in counts
        if viewers
    ]


def chat(world: World, stream: Stream) -> ChatFigures:
    """Return the chat's figures, deleted lines included; minutes count from the stream's start."""
    messages, chatters = talk.totals(world, stream)
    minutes = max(1.0, duration_ms(world, stream) / MINUTE_MS)
    return ChatFigures(
        messages=messages,
        chatters=chatters,
        per_minute=round(messages / minutes, 2),
        peak_per_minute=talk.busiest_minute(world, stream),
        most_active=tuple(
            Chatter(*chatter) for chatter in talk.most_active(world, stream, _CHATTERS_SHOWN)
        ),
    )


def engagement(world: World, stream: Stream) -> Engagement:
    """Return how much the viewers took part."""
    sums = totals(world, stream)
    uniques = sums.uniques or 1
    stays = _stays(world, stream)
    views = sum(stays.values()) or 1
    return Engagement(
        watch_minutes_mean=round(sums.watch_ms / (sums.views or 1) / MINUTE_MS, 2),
        chat_participation=round(min(1.0, sums.chatters / uniques), 4) if sums.uniques else 0.0,
        messages_per_viewer=round(sums.messages / uniques, 2) if sums.uniques else 0.0,
        new_followers=_new_followers(world, stream),
        bounce=round(sum(n for m, n in stays.items() if m < _BOUNCE_MINUTES) / views, 4),
        retention=_retention(stays),
        clips=_clips(world, stream),
    )


def duration_ms(world: World, stream: Stream) -> int:
    """Return how long (ms) a stream has run, up to now or to its end."""
    if stream.started_at_ms is None:
        return 0
    return max(0, _end_ms(world, stream) - stream.started_at_ms)


def _end_ms(world: World, stream: Stream) -> int:
    return stream.ended_at_ms if stream.ended_at_ms is not None else world.now_ms


def _stays(world: World, stream: Stream) -> dict[int, int]:
    """Return the number of views by whole minutes watched; current views count up to now."""
    rows = world.store.rows(
        "SELECT minutes, viewers FROM audience_stays WHERE stream_row = ?", stream.pk
    )
    stays: dict[int, int] = {row["minutes"]: row["viewers"] for row in rows}
    end_ms = _end_ms(world, stream)
    cohort = world.cohorts.find(stream.id)
    sessions = world.viewers.sessions(stream.id)
    real = world.store.rows(
        "SELECT joined_at_ms, session FROM audience_sessions WHERE stream_row = ?", stream.pk
    )
    present = cohort.present() if cohort else []
    present += [(row["joined_at_ms"], 1) for row in real if row["session"] in sessions]
    for joined_at_ms, viewers in present:
        minutes = max(0, end_ms - joined_at_ms) // MINUTE_MS
        stays[minutes] = stays.get(minutes, 0) + viewers
    return stays


def _retention(stays: dict[int, int]) -> tuple[tuple[int, float], ...]:
    total = sum(stays.values())
    if not total:
        return ()
    left, points = total, []
    for minute in range(max(stays) + 1):
        points.append((minute, round(100 * left / total, 2)))
        left -= stays.get(minute, 0)
    return tuple(points)


def _new_followers(world: World, stream: Stream) -> int:
    if stream.started_at_ms is None:
        return 0
    return world.store.number(
        "SELECT count(*) FROM follows WHERE followed_row = ? AND created_at_ms BETWEEN ? AND ?",
        stream.user_pk,
        stream.started_at_ms,
        _end_ms(world, stream),
    )


def _clips(world: World, stream: Stream) -> int:
    return world.store.number("SELECT count(*) FROM clips WHERE stream_row = ?", stream.pk)
