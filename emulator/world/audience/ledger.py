"""Ledger: the stored figures of a stream's audience, updated at each arrival and departure.

Each change alters a few numbers, so reading them costs the same for ten viewers and for a million.
Changes are recorded in the order of their times, not of their discovery.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from emulator.world.audience.cohort import (
    QUARTER_MS,
    Cohort,
    CohortPlan,
    Tally,
    signed_in_of,
    unrecorded,
)
from emulator.world.world import World

UNKNOWN_COUNTRY = "ZZ"
UNKNOWN_DEVICE = "unknown"
DIRECT = "direct"
OTHER = "other"
MINUTE_MS = 60_000
TRAITS_MAX = 300


class WatchedStream(Protocol):
    """The attributes of a stream that its audience needs."""

    @property
    def pk(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...


class StreamRef(NamedTuple):
    """A minimal `WatchedStream`."""

    pk: int
    id: str
    status: str


class ViewerTraits(NamedTuple):
    """The traits of a real viewer, as far as its request shows them."""

    is_signed_in: bool = False
    country: str = UNKNOWN_COUNTRY
    device: str = UNKNOWN_DEVICE
    referrer: str = DIRECT


class _Figures(NamedTuple):
    """The stored figures of a stream."""

    viewers: int = 0
    simulated: int = 0
    peak: int = 0
    watch_ms: int = 0
    changed_at_ms: int = 0


def write_down(
    world: World, stream: WatchedStream, cohort: Cohort | None, real: Sequence[tuple[int, int]] = ()
) -> int:
    """Record a cohort's changes and the changes by real viewers, pairs (time in ms, +1 or -1).

    Inside a change. Returns the new number of viewers.
    """
    tally = cohort.take_counts() if cohort else Tally()
    before = _figures(world, stream, real, tally)
    if before is None:
        return 0
    viewers, simulated, peak = before.viewers, before.simulated, before.peak
    watch_ms, changed_at_ms = before.watch_ms, before.changed_at_ms
    written = []
    for at_ms, is_simulated, value in _in_order(real, tally):
        # A viewer may have been counted after the media stopped: recorded times never go backwards.
        now_ms = max(at_ms, changed_at_ms)
        watch_ms += viewers * (now_ms - changed_at_ms)
        changed_at_ms = now_ms
        viewers += value - simulated if is_simulated else value
        simulated = value if is_simulated else simulated
        peak = max(peak, viewers)
        written.append((stream.pk, now_ms, viewers))
    world.store.write(
        "UPDATE audience SET viewers = ?, simulated = ?, changed_at_ms = ?, watch_ms = ?, peak = ?,"
        " views = views + ?, uniques = uniques + ?, folded_at_ms = coalesce(?, folded_at_ms)"
        " WHERE stream_row = ?",
        viewers,
        simulated,
        changed_at_ms,
        watch_ms,
        peak,
        tally.arrived,
        tally.arrived,
        cohort.folded_ms if cohort else None,
        stream.pk,
    )
    world.store.write_many(
        "INSERT INTO audience_points (stream_row, at_ms, viewers) VALUES (?, ?, ?)", written
    )
    if peak > before.peak:
        world.store.write(
            "UPDATE streams SET peak_viewer_count = ? WHERE row = ? AND peak_viewer_count < ?",
            peak,
            stream.pk,
            peak,
        )
    return viewers


def cut(world: World, stream: WatchedStream, at_ms: int) -> None:
    """Remove the figures after `at_ms`, when the stream ended before this was noticed.

    The watch time after `at_ms` is subtracted: there was nothing to see.
    """
    points = world.store.rows(
        "SELECT at_ms, viewers FROM audience_points WHERE stream_row = ? AND at_ms > ?"
        " ORDER BY at_ms, row",
        stream.pk,
        at_ms,
    )
    if not points:
        return
    before = world.store.row(
        "SELECT viewers FROM audience_points WHERE stream_row = ? AND at_ms <= ?"
        " ORDER BY at_ms DESC, row DESC LIMIT 1",
        stream.pk,
        at_ms,
    )
    viewers, since_ms, overrun_ms = before["viewers"] if before else 0, at_ms, 0
    for point in points:
        overrun_ms += viewers * (point["at_ms"] - since_ms)
        viewers, since_ms = point["viewers"], point["at_ms"]
    world.store.write(
        "UPDATE audience SET watch_ms = watch_ms - ?, changed_at_ms = ? WHERE stream_row = ?",
        overrun_ms,
        at_ms,
        stream.pk,
    )
    world.store.write(
        "DELETE FROM audience_points WHERE stream_row = ? AND at_ms > ?", stream.pk, at_ms
    )
    world.store.insert("audience_points", stream_row=stream.pk, at_ms=at_ms, viewers=viewers)


def write_traits(world: World, stream: WatchedStream, cohort: Cohort) -> None:
    """Record a cohort's traits and stays, after `write_down`."""
    stays, quarters, plans = cohort.take_traits()
    for minutes, count in stays.items():
        note_stay(world, stream, minutes * MINUTE_MS, count)
    for quarter_ms, count in quarters.items():
        _note_quarter(world, stream, quarter_ms, count, count)
    for plan in plans:
        _write_plan(world, stream, plan)
    world.store.write(
        "UPDATE audience SET traits_at_ms = ? WHERE stream_row = ?", cohort.folded_ms, stream.pk
    )


def note_viewer(
    world: World, stream: WatchedStream, traits: ViewerTraits, *, is_first: bool
) -> None:
    """Record that a real viewer has come, for the first time (`is_first`) or again."""
    now_ms = world.now_ms
    world.store.write(
        "UPDATE audience SET views = views + 1, uniques = uniques + ?, signed_in = signed_in + ?"
        " WHERE stream_row = ?",
        int(is_first),
        int(is_first and traits.is_signed_in),
        stream.pk,
    )
    if is_first:
        _note_country(world, stream, traits.country, 1)
        _note_trait(world, stream, "device", traits.device, 1)
        _note_trait(world, stream, "referrer", traits.referrer, 1)
    _note_quarter(world, stream, now_ms - now_ms % QUARTER_MS, 1, int(is_first))


def note_stay(world: World, stream: WatchedStream, stay_ms: int, count: int) -> None:
    """Record that `count` viewers left after watching for `stay_ms`."""
    world.store.write(
        "INSERT INTO audience_stays VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET viewers = viewers + excluded.viewers",
        stream.pk,
        max(0, stay_ms) // MINUTE_MS,
        count,
    )


def _figures(
    world: World, stream: WatchedStream, real: Sequence[tuple[int, int]], tally: Tally
) -> _Figures | None:
    """Return a stream's figures, creating them with its first change; None without any change."""
    row = world.store.row("SELECT * FROM audience WHERE stream_row = ?", stream.pk)
    if row is not None:
        names = ("viewers", "simulated", "peak", "watch_ms", "changed_at_ms")
        return _Figures(*(row[name] for name in names))
    times = [at_ms for at_ms, _ in (*real, *tally.points)]
    if not times:
        return None
    world.store.insert("audience", stream_row=stream.pk, changed_at_ms=min(times))
    return _Figures(changed_at_ms=min(times))


def _in_order(real: Sequence[tuple[int, int]], tally: Tally) -> list[tuple[int, bool, int]]:
    """Merge both kinds of changes by time; at equal times real viewers come first."""
    merged = [(at_ms, False, change) for at_ms, change in real]
    merged += [(at_ms, True, count) for at_ms, count in tally.points]
    return sorted(merged, key=lambda span: span[:2]) if real else merged


def _write_plan(world: World, stream: WatchedStream, plan: CohortPlan) -> None:
    for country, count in unrecorded(plan, "countries").items():
        _note_country(world, stream, country, count)
    for device, count in unrecorded(plan, "devices").items():
        _note_trait(world, stream, "device", device, count)
    for referrer, count in unrecorded(plan, "referrers").items():
        _note_trait(world, stream, "referrer", referrer, count)
    signed_in = signed_in_of(plan)
    if signed_in:
        world.store.write(
            "UPDATE audience SET signed_in = signed_in + ? WHERE stream_row = ?",
            signed_in,
            stream.pk,
        )
    plan.recorded = plan.arrived


def _note_country(world: World, stream: WatchedStream, country: str, count: int) -> None:
    world.store.write(
        "INSERT INTO audience_countries VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET viewers = viewers + excluded.viewers",
        stream.pk,
        country,
        count,
    )


def _note_trait(world: World, stream: WatchedStream, kind: str, name: str, count: int) -> None:
    """Count a trait. Once there are `TRAITS_MAX` names, new names are counted as `other`."""
    names = world.store.number(
        "SELECT count(*) FROM audience_traits WHERE stream_row = ? AND kind = ?", stream.pk, kind
    )
    if names >= TRAITS_MAX and not world.store.row(
        "SELECT 1 FROM audience_traits WHERE stream_row = ? AND kind = ? AND name = ?",
        stream.pk,
        kind,
        name,
    ):
        name = OTHER
    world.store.write(
        "INSERT INTO audience_traits VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET viewers = viewers + excluded.viewers",
        stream.pk,
        kind,
        name,
        count,
    )


def _note_quarter(
    world: World, stream: WatchedStream, quarter_ms: int, views: int, uniques: int
) -> None:
    row = world.store.row(
        "SELECT row FROM audience_quarters WHERE stream_row = ? AND quarter_at_ms = ?",
        stream.pk,
        quarter_ms,
    )
    if row:
        world.store.write(
            "UPDATE audience_quarters SET views = views + ?, uniques = uniques + ? WHERE row = ?",
            views,
            uniques,
            row["row"],
        )
    else:
        world.store.insert(
            "audience_quarters",
            stream_row=stream.pk,
            quarter_at_ms=quarter_ms,
            views=views,
            uniques=uniques,
        )
