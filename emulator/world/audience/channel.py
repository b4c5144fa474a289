"""Channel: a user's figures over all streams.

A view belongs to the day on which it began, a stream and its peak to the day on which it went live.
The views of a stream over midnight are therefore split between both days. Days begin in the
caller's time zone, whose offset may be any multiple of a quarter of an hour.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from emulator.world.audience import attendance, figures
from emulator.world.audience.figures import Country
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
Metric = Literal["peak_viewers", "total_views", "duration", "chat_messages"]


class Channel(Struct, frozen=True):
    streams: int
    completed: int
    hours: float
    viewers_a_stream: float
    peak: int
    views: int
    uniques: int


class Day(Struct, frozen=True):
    """One day that begins at `at_ms`. `followers` is their number at its end."""

    at_ms: int
    new_followers: int = 0
    followers: int = 0
    views: int = 0
    uniques: int = 0
    peak_mean: float = 0.0


class Audience(Struct, frozen=True):
    countries: list[Country]
    signed_in: int
    anonymous: int
    watch_minutes_mean: float


class Top(Struct, frozen=True):
    """A stream with the figures by which it can be ranked."""

    stream: Stream
    duration_ms: int
    views: int
    messages: int


class BestTime(Struct, frozen=True):
    """A time of the week at which streams began. `weekday` 0 is Monday."""

    weekday: int
    hour: int
    viewers_mean: float
    streams: int


class CategoryShare(Struct, frozen=True):
    id: str
    name: str
    streams: int
    peak_mean: float
    hours: float


class Quick(Struct, frozen=True):
    """Unique viewers and new followers of some periods.

    `seconds_a_stream` is the mean length of a stream.
    """

    viewers_today: int
    viewers_week: int
    viewers_month: int
    seconds_a_stream: float
    followers_today: int
    followers_week: int


# A stream's length in milliseconds; for a live stream, up to the time `?`.
_LENGTH = "max(0, coalesce(streams.ended_at_ms, ?) - streams.started_at_ms)"


def overview(world: World, user: User) -> Channel:
    """Return the totals of a channel. Streams that never went live only count in `streams`.

    `viewers_a_stream` is the mean number of unique viewers of a stream.
    """
    attendance.settle_of(world, user.pk)
    row = world.store.row(
        "SELECT count(*) AS streams, sum(streams.status = 'ended') AS completed,"
        f" sum({_LENGTH}) AS length_ms, max(streams.peak_viewer_count) AS peak,"
        " sum(audience.views) AS views, sum(audience.uniques) AS uniques,"
        " count(streams.started_at_ms) AS held"
        " FROM streams LEFT JOIN audience ON audience.stream_row = streams.row"
        " WHERE streams.user_row = ?",
        world.now_ms,
        user.pk,
    )
    if row is None:
        return Channel(0, 0, 0.0, 0.0, 0, 0, 0)
    uniques = row["uniques"] or 0
    return Channel(
        streams=row["streams"],
        completed=row["completed"] or 0,
        hours=round((row["length_ms"] or 0) / _HOUR_MS, 2),
        viewers_a_stream=round(uniques / row["held"], 2) if row["held"] else 0.0,
        peak=row["peak"] or 0,
        views=row["views"] or 0,
        uniques=uniques,
    )


def mean_viewers(world: World, user: User) -> float:
    """Return the time-weighted mean of the viewer count over all streams of the user."""
    watch_ms = length_ms = 0
    for stream in held(world, user):
        watch_ms += figures.totals(world, stream).watch_ms
        length_ms += figures.duration_ms(world, stream)
    return round(watch_ms / length_ms, 2) if length_ms else 0.0


def held(world: World, user: User) -> list[Stream]:
    """Return the user's streams that are or were live, newest first."""
    return [stream for stream in streams.of_user(world, user) if stream.started_at_ms is not None]


def utc_days(now_ms: int, count: int) -> list[int]:
    """Return the begins (ms) of the last `count` days in UTC, today last."""
    today_ms = now_ms - now_ms % DAY_MS
    return list(range(today_ms - (count - 1) * DAY_MS, today_ms + 1, DAY_MS))


def days(world: World, user: User, starts_ms: Sequence[int]) -> list[Day]:
    """Return followers, views and peaks of each day; `starts_ms` are their begins, today last."""
    attendance.settle_of(world, user.pk)
    since = (user.pk, starts_ms[0])
    follows = _by_day(
        world,
        "SELECT created_at_ms / 900000 * 900000 AS at_ms, count(*) AS a, 0 AS b FROM follows"
        " WHERE followed_row = ? AND created_at_ms >= ? GROUP BY 1",
        since,
        starts_ms,
    )
    views = _by_day(
        world,
        "SELECT quarter_at_ms AS at_ms, sum(views) AS a, sum(uniques) AS b"
        " FROM streams JOIN audience_quarters ON audience_quarters.stream_row = streams.row"
        " WHERE streams.user_row = ? AND quarter_at_ms >= ? GROUP BY 1",
        since,
        starts_ms,
    )
    peaks = _by_day(
        world,
        "SELECT started_at_ms AS at_ms, peak_viewer_count AS a, 1 AS b FROM streams"
        " WHERE user_row = ? AND started_at_ms >= ?",
        since,
        starts_ms,
    )
    followers = user.follower_count - sum(new for new, _ in follows)
    rows = []
    for number, at_ms in enumerate(starts_ms):
        new = follows[number][0]
        followers += new
        peak, streams_begun = peaks[number]
        mean = round(peak / streams_begun, 2) if streams_begun else 0.0
        rows.append(Day(at_ms, new, followers, *views[number], mean))
    return rows


def audience(world: World, user: User, count: int) -> Audience:
    """Return figures of the viewers of streams that began in the last `count` days of 24 hours."""
    attendance.settle_of(world, user.pk)
    since_ms = world.now_ms - count * DAY_MS
    rows = world.store.rows(
        "SELECT country, sum(viewers) AS viewers FROM streams JOIN audience_countries"
        " ON audience_countries.stream_row = streams.row WHERE streams.user_row = ?"
        " AND streams.started_at_ms >= ? GROUP BY country ORDER BY viewers DESC, country",
        user.pk,
        since_ms,
    )
    stream_totals = [
        figures.totals(world, stream)
        for stream in held(world, user)
        if (stream.started_at_ms or 0) >= since_ms
    ]
    views = sum(totals.views for totals in stream_totals)
    watch_ms = sum(totals.watch_ms for totals in stream_totals)
    signed_in = sum(totals.signed_in for totals in stream_totals)
    return Audience(
        countries=figures.countries([(row["country"], row["viewers"]) for row in rows]),
        signed_in=signed_in,
        anonymous=sum(totals.uniques for totals in stream_totals) - signed_in,
        watch_minutes_mean=round(watch_ms / views / figures.MINUTE_MS, 2) if views else 0.0,
    )


def top(world: World, user: User, metric: Metric, count: int) -> list[Top]:
    """Return the best streams by one figure. Of equal streams the newer one comes first."""
    rows = []
    attendance.settle_of(world, user.pk)
    for stream in held(world, user):
        totals = figures.totals(world, stream)
        length_ms = figures.duration_ms(world, stream)
        rows.append(Top(stream, length_ms, totals.views, totals.messages))
    ranks = {
        "peak_viewers": lambda top: top.stream.peak_viewer_count,
        "total_views": lambda top: top.views,
        "duration": lambda top: top.duration_ms,
        "chat_messages": lambda top: top.messages,
    }
    return sorted(rows, key=ranks[metric], reverse=True)[:count]


def utc_hour(at_ms: int) -> tuple[int, int]:
    """Return the weekday (0 is Monday) and the hour of a time in UTC."""
    hours = at_ms // _HOUR_MS
    # 1 January 1970 was a Thursday.
    return (hours // 24 + 3) % 7, hours % 24


def best_times(
    world: World, user: User, hour_of: Callable[[int], tuple[int, int]] = utc_hour
) -> list[BestTime]:
    """Return the weekdays and hours at which streams began, those with the most viewers first.

    Viewers are the time-weighted mean of each stream. `hour_of` converts a time to the caller's
    zone.
    """
    begun: dict[tuple[int, int], list[float]] = {}
    for stream in held(world, user):
        key = hour_of(stream.started_at_ms or 0)
        begun.setdefault(key, []).append(figures.totals(world, stream).mean)
    times = [
        BestTime(weekday, hour, round(sum(means) / len(means), 2), len(means))
        for (weekday, hour), means in begun.items()
    ]
    return sorted(
        times, key=lambda best_time: (-best_time.viewers_mean, best_time.weekday, best_time.hour)
    )


def categories(world: World, user: User) -> list[CategoryShare]:
    """Return the categories of the user's streams, most hours first, equal ones by name."""
    attendance.settle_of(world, user.pk)
    rows = world.store.rows(
        "SELECT categories.id, categories.name, count(*) AS streams,"
        f" avg(streams.peak_viewer_count) AS peak, sum({_LENGTH}) AS length_ms"
        " FROM streams JOIN categories ON categories.row = streams.category_row"
        " WHERE streams.user_row = ? AND streams.started_at_ms IS NOT NULL"
        " GROUP BY categories.row ORDER BY length_ms DESC, categories.name",
        world.now_ms,
        user.pk,
    )
    return [
        CategoryShare(
            row["id"],
            row["name"],
            row["streams"],
            round(row["peak"], 2),
            round(row["length_ms"] / _HOUR_MS, 2),
        )
        for row in rows
    ]


def quick(world: World, user: User, starts_ms: Sequence[int]) -> Quick:
    """Return figures of today and of the last 7 and 30 days, which include today.

    `starts_ms` are the begins of these 30 days.
    """
    month = days(world, user, starts_ms)
    lengths = [figures.duration_ms(world, stream) for stream in held(world, user)]
    seconds = sum(lengths) / len(lengths) / 1000 if lengths else 0.0
    return Quick(
        viewers_today=month[-1].uniques,
        viewers_week=sum(day.uniques for day in month[-7:]),
        viewers_month=sum(day.uniques for day in month),
        seconds_a_stream=round(seconds, 3),
        followers_today=month[-1].new_followers,
        followers_week=sum(day.new_followers for day in month[-7:]),
    )


def _by_day(
    world: World, sql: str, since: tuple[int, int], starts_ms: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the sums of the query's columns `a` and `b` for each day."""
    sums = [[0, 0] for _ in starts_ms]
    for row in world.store.rows(sql, *since):
        day = sums[bisect_right(starts_ms, row["at_ms"]) - 1]
        day[0] += row["a"]
        day[1] += row["b"]
    return [(one, two) for one, two in sums]
