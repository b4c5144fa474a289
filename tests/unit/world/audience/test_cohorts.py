"""Cohorts and their verbs, with worked examples that were calculated by hand."""

from collections.abc import Callable

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.audience import StreamRaided, ViewersSimulated
from emulator.world.audience import attendance, cohorts, figures
from emulator.world.audience.attendance import SIMULATED_MAX
from emulator.world.audience.cohort import Mix
from emulator.world.audience.curves import Stay
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

MINUTE_MS = 60_000
TEN_MINUTES_MS = 600_000
HOUR_MS = 3_600_000


def test_cohorts_hundred_for_ten_minutes_then_forty_for_ten(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.reach(world, stream, 100)
    clock.advance(TEN_MINUTES_MS)
    cohorts.reach(world, stream, 40)
    clock.advance(TEN_MINUTES_MS)
    ended = streams.end(world, stream)

    totals = figures.totals(world, ended)

    assert (totals.peak, totals.mean, totals.watch_minutes) == (100, 70.0, 1_400.0)
    assert (totals.uniques, totals.views) == (100, 100)
    # The first point is at the start; at the end everybody has gone.
    counts = [viewers for _, viewers in figures.timeline(world, ended, 5)]
    assert counts == [100, 100, 40, 40, 0]
    assert figures.timeline(world, ended, 5)[0][0] == ended.started_at_ms
    # Sixty are left after ten whole minutes, forty after twenty.
    retention = dict(figures.engagement(world, ended).retention)
    assert (retention[0], retention[10], retention[11], retention[20]) == (100, 100, 40, 40)


def test_cohorts_hundred_then_forty_by_session_lengths(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.add(world, stream, 60, stay=Stay.parse("fixed(10m)"))
    cohorts.add(world, stream, 40, stay=Stay.parse("fixed(20m)"))
    clock.advance(TEN_MINUTES_MS - 1)
    assert world.viewers.count(stream.id) == 100
    clock.advance(1)
    assert world.viewers.count(stream.id) == 40
    clock.advance(TEN_MINUTES_MS)

    totals = figures.totals(world, stream)

    assert (totals.peak, totals.mean, totals.watch_minutes, totals.uniques) == (
        100,
        70.0,
        1_400.0,
        100,
    )


def test_cohorts_arrivals_over_an_hour_are_complete_and_even(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.add(world, stream, 3_600, for_ms=HOUR_MS, arrivals="even")

    for quarter in range(1, 5):
        clock.advance(HOUR_MS // 4)
        assert world.viewers.count(stream.id) == 900 * quarter
    clock.advance(HOUR_MS)
    assert figures.totals(world, stream).views == 3_600


def test_cohorts_ramp_follows_its_curve_despite_departures(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.reach(world, stream, 20)
    stay = Stay.parse("uniform(10s, 2m)")
    cohorts.ramp(world, stream, 5_000, for_ms=3 * MINUTE_MS, curve="surge", stay=stay)

    clock.advance(90_000)
    assert world.viewers.count(stream.id) == round(20 + 4_980 * 0.875)
    clock.advance(90_000)
    assert world.viewers.count(stream.id) == 5_000
    assert figures.totals(world, stream).peak == 5_000
    # They are no longer replaced; the twenty had no end.
    clock.advance(2 * MINUTE_MS)
    assert world.viewers.count(stream.id) == 20


def test_cohorts_spike_is_whole_in_its_middle_and_over_at_its_end(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.reach(world, stream, 10)
    cohorts.spike(world, stream, 500, for_ms=2 * MINUTE_MS)

    clock.advance(MINUTE_MS)
    assert world.viewers.count(stream.id) == 510
    clock.advance(MINUTE_MS)

    assert world.viewers.count(stream.id) == 10
    assert figures.totals(world, stream).peak == 510
    assert figures.totals(world, stream).uniques == 510


def test_cohorts_churn_exchanges_viewers_and_keeps_their_number(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.reach(world, stream, 100)
    cohorts.churn(world, stream, 0.1, for_ms=10 * MINUTE_MS)

    clock.advance(HOUR_MS)

    totals = figures.totals(world, stream)
    assert world.viewers.count(stream.id) == 100
    # A tenth of a hundred per minute, for ten minutes.
    assert (totals.peak, totals.views, totals.uniques) == (100, 200, 200)


def test_cohorts_raid_moves_viewers_from_one_stream_to_another(
    world: World, clock: ManualClock, stream: Stream, other: Stream, heard: list[Event]
) -> None:
    cohorts.reach(world, stream, 300, mix=Mix(countries={"DE": 0.5, "US": 0.5}))
    cohorts.reach(world, other, 50)

    went = cohorts.raid(world, stream, other, count=200, for_ms=10_000)

    assert went == 200
    assert [event.viewers for event in heard if isinstance(event, StreamRaided)] == [200]
    assert world.viewers.count(stream.id) == 100
    clock.advance(5_000)
    assert world.viewers.count(other.id) == 150
    clock.advance(5_000)
    assert world.viewers.count(other.id) == 250
    assert figures.traits(world, other, "referrer") == {"raid": 200, "direct": 50}
    countries = {country.code: country.viewers for country in figures.geography(world, other)}
    assert countries == {"DE": 100, "US": 100, "ZZ": 50}


def test_cohorts_demographics_add_up_to_the_viewer_count(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    mix = Mix(
        countries={"US": 0.4, "DE": 0.2, "IN": 0.4},
        devices={"mobile": 1 / 3, "tv": 1 / 3},
        referrers={"search": 0.25},
        signed_in=0.3,
    )
    cohorts.add(world, stream, 1_001, for_ms=HOUR_MS, stay=Stay.parse("8m"), mix=mix)

    for _ in range(6):
        clock.advance(11 * MINUTE_MS)
        views = figures.totals(world, stream).views
        assert sum(country.viewers for country in figures.geography(world, stream)) == views
        assert sum(figures.traits(world, stream, "device").values()) == views

    assert {country.code: country.viewers for country in figures.geography(world, stream)} == {
        "IN": 401,
        "US": 400,
        "DE": 200,
    }
    assert figures.traits(world, stream, "referrer") == {"direct": 751, "search": 250}
    assert figures.totals(world, stream).signed_in == 300


def test_cohorts_extra_cohort_does_not_reshuffle_the_others(
    clock: ManualClock, open_world: Callable[..., World]
) -> None:
    def counts_when(is_busy: bool) -> list[int]:
        own = ManualClock(clock.now_ms())
        world = open_world(clock=own, publish=lambda _: None)
        stream, other = (_live(world, name) for name in ("ada", "bob"))
        stay = Stay.parse("lognormal(8m, 1.0)")
        cohorts.add(world, stream, 5_000, for_ms=HOUR_MS, stay=stay)
        if is_busy:
            cohorts.add(world, other, 999, for_ms=HOUR_MS, stay=stay)
        counts = []
        for _ in range(60):
            own.advance(MINUTE_MS)
            counts.append(world.viewers.count(stream.id))
        return counts

    assert counts_when(is_busy=False) == counts_when(is_busy=True)


def test_cohorts_continue_in_a_reopened_world(
    clock: ManualClock, open_world: Callable[..., World]
) -> None:
    # Given a world that is copied in the middle of a broadcast,
    world = open_world(clock=clock, publish=lambda _: None)
    stream = _live(world, "ada")
    mix = Mix(countries={"DE": 0.5})
    cohorts.add(world, stream, 2_000, for_ms=HOUR_MS, stay=Stay.parse("lognormal(8m, 1)"), mix=mix)
    clock.advance(7 * MINUTE_MS + 1_500)
    cohorts.churn(world, stream, 0.2, for_ms=HOUR_MS)
    clock.advance(10 * MINUTE_MS)
    copy = open_world(clock=clock, publish=lambda _: None, facts=world.store)

    # when both continue, then they are equal, whenever either is read.
    for _ in range(30):
        clock.advance(3 * MINUTE_MS + 700)
        assert copy.viewers.count(stream.id) == world.viewers.count(stream.id)
        figures.totals(copy, stream)
    for copy_of in (world, copy):
        streams.end(copy_of, streams.find(copy_of, stream.id))
    one, two = (
        (
            figures.totals(copy_of, streams.find(copy_of, stream.id)),
            figures.timeline(copy_of, streams.find(copy_of, stream.id), 1),
            figures.geography(copy_of, stream),
            figures.engagement(copy_of, streams.find(copy_of, stream.id)),
        )
        for copy_of in (world, copy)
    )
    assert one == two


def test_cohorts_report_their_count_now_and_then(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    cohorts.add(world, stream, 6_000, for_ms=MINUTE_MS, arrivals="even")
    clock.advance(MINUTE_MS)

    numbers = [event.simulated for event in heard if isinstance(event, ViewersSimulated)]

    assert numbers == [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]


def test_cohorts_are_empty_after_the_stream_ends(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    cohorts.add(world, stream, 600, for_ms=HOUR_MS, arrivals="even")
    clock.advance(30 * MINUTE_MS)
    ended = streams.end(world, stream)
    clock.advance(HOUR_MS)

    assert world.viewers.count(stream.id) == 0
    assert figures.totals(world, ended).views == 300
    assert world.store.number("SELECT count(*) FROM audience_orders") == 0


def test_cohorts_refused_order_leaves_no_trace(
    world: World, clock: ManualClock, stream: Stream, other: Stream
) -> None:
    cohorts.reach(world, stream, 10)
    ended = streams.end(world, other)
    refused: list[tuple[str, Callable[[], object]]] = [
        ("invalid", lambda: cohorts.add(world, stream, -1)),
        ("invalid", lambda: cohorts.add(world, stream, SIMULATED_MAX)),
        ("invalid", lambda: cohorts.reach(world, stream, SIMULATED_MAX + 1)),
        ("invalid", lambda: cohorts.ramp(world, stream, 5, for_ms=0)),
        ("invalid", lambda: cohorts.ramp(world, stream, 5, for_ms=8 * 24 * HOUR_MS)),
        ("invalid", lambda: cohorts.spike(world, stream, 5, for_ms=0)),
        ("invalid", lambda: cohorts.churn(world, stream, 0, for_ms=1_000)),
        ("invalid", lambda: cohorts.raid(world, stream, stream)),
        ("conflict", lambda: cohorts.raid(world, stream, ended)),
        ("conflict", lambda: cohorts.raid(world, ended, stream)),
        ("conflict", lambda: cohorts.add(world, ended, 5)),
        ("invalid", lambda: cohorts.add(world, stream, 1, mix=Mix(countries={"de": 1}))),
        ("invalid", lambda: cohorts.add(world, stream, 1, mix=Mix(devices={"a": 0.7, "b": 0.4}))),
        ("invalid", lambda: cohorts.add(world, stream, 1, mix=Mix(signed_in=2))),
    ]
    for code, act in refused:
        with pytest.raises(Refused) as error:
            act()
        assert error.value.code == code
    clock.advance(HOUR_MS)

    assert world.viewers.count(stream.id) == 10
    assert figures.totals(world, stream).views == 10


def test_cohorts_orders_per_stream_are_bounded(
    world: World, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "COMMANDS_MAX", 3)
    for count in range(3):
        cohorts.reach(world, stream, count)

    with pytest.raises(Refused, match="3 viewer changes"):
        cohorts.reach(world, stream, 4)


def _live(world: World, name: str) -> Stream:
    from emulator.world.live.streams import StreamPatch
    from emulator.world.people import accounts

    user = accounts.make(world, name, api_key="")
    return streams.start(world, streams.create(world, user, StreamPatch({"title": name})))
