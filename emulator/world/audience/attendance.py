"""Attendance: who comes to a stream and who goes, and the figures that follow from it.

The figures are folds: each arrival and departure changes a few numbers, so that reading them costs
the same after ten viewers and after a million. Simulated viewers are only numbers: of them, who
came first leaves first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from emulator.core.errors import Refused
from emulator.core.events.audience import ViewerJoined, ViewersLeft, ViewersSimulated
from emulator.world.world import World

UNKNOWN_COUNTRY = "ZZ"
SIMULATED_MAX = 10_000_000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


class Watched(Protocol):
    """A stream, as far as an audience is concerned."""

    @property
    def row(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """So many new viewers at one instant. `uniques` of them were never here before."""

    at_ms: int
    views: int
    uniques: int
    signed_in: int
    countries: Mapping[str, int]


def see(
    world: World,
    stream: Watched,
    session: str,
    *,
    is_signed_in: bool = False,
    country: str = UNKNOWN_COUNTRY,
) -> None:
    """A real viewer of a live stream shows that it is still there, or has come."""
    settle(world, stream)
    if not world.viewers.see(stream.id, session):
        return
    now_ms = world.now_ms
    with world.change():
        before = world.store.row(
            "SELECT row FROM audience_sessions WHERE stream_row = ? AND session = ?",
            stream.row,
            session,
        )
        world.store.write(
            "INSERT INTO audience_sessions (stream_row, session, joined_at_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (stream_row, session) DO UPDATE SET joined_at_ms = excluded.joined_at_ms",
            stream.row,
            session,
            now_ms,
        )
        is_first = before is None
        arrival = Arrival(
            at_ms=now_ms,
            views=1,
            uniques=int(is_first),
            signed_in=int(is_first and is_signed_in),
            countries={country: 1} if is_first else {},
        )
        viewers = _arrive(world, stream, arrival)
        world.emit(ViewerJoined(at_ms=now_ms, stream_id=stream.id, viewers=viewers))


def leave(world: World, stream: Watched, session: str) -> None:
    """A real viewer says goodbye."""
    settle(world, stream)
    if world.viewers.leave(stream.id, session):
        with world.change():
            _depart_sessions(world, stream, [session], world.now_ms)


def settle(world: World, stream: Watched) -> None:
    """Write down who has left without a word, each at the instant from which it was gone."""
    gone = world.viewers.lose(stream.id)
    if gone:
        with world.change():
            for session, at_ms in gone:
                _depart_sessions(world, stream, [session], at_ms)


def simulate(
    world: World,
    stream: Watched,
    count: int,
    *,
    countries: Mapping[str, float] | None = None,
    signed_in_share: float = 0.0,
) -> None:
    """Let `count` simulated viewers watch from now on: some come, or the first ones leave.

    `countries` are shares of those who come, by ISO 3166 code; what they leave is unknown.
    Refuses (`conflict`) a stream that is not live, (`invalid`) numbers out of bounds.
    """
    if stream.status != "live":
        raise Refused("conflict", f"Stream is {stream.status}. Only a live one has viewers.")
    if not 0 <= count <= SIMULATED_MAX:
        raise Refused("invalid", f"Simulated viewers are 0 to {SIMULATED_MAX}, not {count}.")
    settle(world, stream)
    now_ms = world.now_ms
    with world.change():
        change = count - world.viewers.simulated.get(stream.id, 0)
        if change > 0:
            shares = _split(change, countries or {})
            signed_in = round(change * signed_in_share)
            viewers = _arrive(world, stream, Arrival(now_ms, change, change, signed_in, shares))
            world.store.write(
                "INSERT INTO audience_cohorts (stream_row, joined_at_ms, viewers) VALUES (?, ?, ?)",
                stream.row,
                now_ms,
                change,
            )
        else:
            _depart_cohorts(world, stream, -change, now_ms)
            viewers = _count(world, stream, now_ms, change)
        world.store.write(
            "UPDATE audience SET simulated = ? WHERE stream_row = ?", count, stream.row
        )
        world.viewers.simulated[stream.id] = count
        world.emit(
            ViewersSimulated(at_ms=now_ms, stream_id=stream.id, simulated=count, viewers=viewers)
        )


def close(world: World, stream: Watched, at_ms: int) -> None:
    """The stream has ended at `at_ms`: everybody leaves."""
    settle(world, stream)
    with world.change():
        sessions = world.viewers.forget(stream.id)
        if sessions:
            _depart_sessions(world, stream, sessions, at_ms)
        row = world.store.row("SELECT simulated FROM audience WHERE stream_row = ?", stream.row)
        if row and row["simulated"]:
            _depart_cohorts(world, stream, row["simulated"], at_ms)
            _count(world, stream, at_ms, -row["simulated"])
            world.store.write("UPDATE audience SET simulated = 0 WHERE stream_row = ?", stream.row)


def _arrive(world: World, stream: Watched, arrival: Arrival) -> int:
    """Count an arrival in. Returns how many watch from then on."""
    viewers = _count(world, stream, arrival.at_ms, arrival.views)
    world.store.write(
        "UPDATE audience SET views = views + ?, uniques = uniques + ?, signed_in = signed_in + ?"
        " WHERE stream_row = ?",
        arrival.views,
        arrival.uniques,
        arrival.signed_in,
        stream.row,
    )
    for country, count in arrival.countries.items():
        world.store.write(
            "INSERT INTO audience_countries VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET viewers = viewers + excluded.viewers",
            stream.row,
            country,
            count,
        )
    _note_hour(world, stream, arrival)
    return viewers


def _count(world: World, stream: Watched, at_ms: int, change: int) -> int:
    """Let so many more (or fewer) watch from `at_ms` on. Returns how many do."""
    row = world.store.row("SELECT * FROM audience WHERE stream_row = ?", stream.row)
    if row is None:
        before, changed_at_ms, watch_ms, peak = 0, at_ms, 0, 0
        world.store.write(
            "INSERT INTO audience (stream_row, changed_at_ms) VALUES (?, ?)", stream.row, at_ms
        )
    else:
        before, changed_at_ms = row["viewers"], row["changed_at_ms"]
        watch_ms, peak = row["watch_ms"], row["peak"]
    # Media may have stopped before the last viewer was counted: time does not run backwards here.
    at_ms = max(at_ms, changed_at_ms)
    viewers = before + change
    world.store.write(
        "UPDATE audience SET viewers = ?, changed_at_ms = ?, watch_ms = ?, peak = ?"
        " WHERE stream_row = ?",
        viewers,
        at_ms,
        watch_ms + before * (at_ms - changed_at_ms),
        max(peak, viewers),
        stream.row,
    )
    world.store.write(
        "INSERT INTO audience_points (stream_row, at_ms, viewers) VALUES (?, ?, ?)",
        stream.row,
        at_ms,
        viewers,
    )
    if viewers > peak:
        world.store.write(
            "UPDATE streams SET peak_viewer_count = max(peak_viewer_count, ?) WHERE row = ?",
            viewers,
            stream.row,
        )
    return viewers


def _depart_sessions(world: World, stream: Watched, sessions: list[str], at_ms: int) -> None:
    for session in sessions:
        row = world.store.row(
            "SELECT joined_at_ms FROM audience_sessions WHERE stream_row = ? AND session = ?",
            stream.row,
            session,
        )
        if row:
            _note_stay(world, stream, at_ms - row["joined_at_ms"], 1)
    viewers = _count(world, stream, at_ms, -len(sessions))
    world.emit(ViewersLeft(at_ms=at_ms, stream_id=stream.id, count=len(sessions), viewers=viewers))


def _depart_cohorts(world: World, stream: Watched, count: int, at_ms: int) -> None:
    """Take so many simulated viewers away, those first who came first."""
    while count > 0:
        row = world.store.row(
            "SELECT * FROM audience_cohorts WHERE stream_row = ? ORDER BY row LIMIT 1", stream.row
        )
        if row is None:
            return
        leaving = min(count, row["viewers"])
        _note_stay(world, stream, at_ms - row["joined_at_ms"], leaving)
        if leaving == row["viewers"]:
            world.store.write("DELETE FROM audience_cohorts WHERE row = ?", row["row"])
        else:
            world.store.write(
                "UPDATE audience_cohorts SET viewers = viewers - ? WHERE row = ?",
                leaving,
                row["row"],
            )
        count -= leaving


def _note_stay(world: World, stream: Watched, stay_ms: int, count: int) -> None:
    world.store.write(
        "INSERT INTO audience_stays VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET viewers = viewers + excluded.viewers",
        stream.row,
        max(0, stay_ms) // _MINUTE_MS,
        count,
    )


def _note_hour(world: World, stream: Watched, arrival: Arrival) -> None:
    hour_ms = arrival.at_ms - arrival.at_ms % _HOUR_MS
    row = world.store.row(
        "SELECT row FROM audience_hours WHERE stream_row = ? AND hour_at_ms = ?",
        stream.row,
        hour_ms,
    )
    if row:
        world.store.write(
            "UPDATE audience_hours SET views = views + ?, uniques = uniques + ? WHERE row = ?",
            arrival.views,
            arrival.uniques,
            row["row"],
        )
    else:
        world.store.write(
            "INSERT INTO audience_hours (stream_row, hour_at_ms, views, uniques)"
            " VALUES (?, ?, ?, ?)",
            stream.row,
            hour_ms,
            arrival.views,
            arrival.uniques,
        )


def _split(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers in these shares, by the largest remainder, that add up to `count`."""
    rest = max(0.0, 1.0 - sum(shares.values()))
    wanted = {**shares, UNKNOWN_COUNTRY: shares.get(UNKNOWN_COUNTRY, 0.0) + rest}
    total = sum(wanted.values()) or 1.0
    exact = {country: count * share / total for country, share in wanted.items()}
    whole = {country: int(value) for country, value in exact.items()}
    by_remainder = sorted(exact, key=lambda country: (whole[country] - exact[country], country))
    for country in by_remainder[: count - sum(whole.values())]:
        whole[country] += 1
    return {country: value for country, value in whole.items() if value}
