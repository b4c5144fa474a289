"""The ledger's figures: who came, when, as which viewer, and corrections afterwards."""

from collections import Counter

from emulator.core.clock import ManualClock
from emulator.world.audience import attendance, figures, ledger
from emulator.world.live.streams import Stream
from emulator.world.world import World

QUARTER_MS = 15 * 60_000


def quarters(world: World, stream: Stream) -> dict[int, tuple[int, int]]:
    """Views and first-time viewers per quarter of an hour, by its start in milliseconds."""
    rows = world.store.rows(
        "SELECT quarter_at_ms, views, uniques FROM audience_quarters WHERE stream_row = ?",
        stream.pk,
    )
    return {row["quarter_at_ms"]: (row["views"], row["uniques"]) for row in rows}


def points(world: World, stream: Stream) -> list[tuple[int, int]]:
    rows = world.store.rows(
        "SELECT at_ms, viewers FROM audience_points WHERE stream_row = ? ORDER BY row", stream.pk
    )
    return [(row["at_ms"], row["viewers"]) for row in rows]


def test_ledger_counts_signed_in_viewers_once_and_apart_from_others(
    world: World, clock: ManualClock, stream: Stream, other: Stream
) -> None:
    for number in range(5):
        attendance.see(world, stream, f"person {number}", is_signed_in=number < 2)
    attendance.see(world, other, "person 0", is_signed_in=True)
    # A returning browser is the same viewer, whether it has signed in meanwhile or not.
    clock.advance(60_000)
    attendance.see(world, stream, "person 0", is_signed_in=True)
    attendance.see(world, stream, "person 4", is_signed_in=True)

    totals = figures.totals(world, stream)
    assert (totals.views, totals.uniques, totals.signed_in) == (7, 5, 2)
    assert figures.totals(world, other).signed_in == 1


def test_ledger_counts_signed_in_and_anonymous_of_a_crowd(world: World, stream: Stream) -> None:
    attendance.see(world, stream, "real", is_signed_in=True)
    attendance.simulate(world, stream, 11, signed_in_share=0.4)

    totals = figures.totals(world, stream)
    assert (totals.uniques, totals.signed_in) == (12, 1 + 4)


def test_ledger_counts_arrivals_in_their_quarter_of_an_hour(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    began_ms = clock.now_ms()
    assert began_ms % QUARTER_MS == 0
    for at_ms, session in (
        (0, "one"),
        (1, "two"),
        (QUARTER_MS - 1, "one"),
        (QUARTER_MS, "three"),
        (3 * QUARTER_MS + 1, "two"),
        (3 * QUARTER_MS + 2, "four"),
    ):
        clock.advance(began_ms + at_ms - clock.now_ms())
        attendance.see(world, stream, session)

    assert quarters(world, stream) == {
        began_ms: (3, 2),
        began_ms + QUARTER_MS: (1, 1),
        began_ms + 3 * QUARTER_MS: (2, 1),
    }


def test_ledger_counts_a_crowds_arrivals_in_their_quarter(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    began_ms = clock.now_ms()
    attendance.simulate(world, stream, 7)
    clock.advance(QUARTER_MS)
    attendance.simulate(world, stream, 10)
    attendance.see(world, stream, "real")
    attendance.settle(world, stream)

    assert quarters(world, stream) == {began_ms: (7, 7), began_ms + QUARTER_MS: (4, 4)}


def test_ledger_corrects_figures_after_the_end(
    world: World, clock: ManualClock, stream: Stream, other: Stream
) -> None:
    """Viewing after the end does not count; later points become one at the end."""
    began_ms = clock.now_ms()
    for watched in (stream, other):
        for changes in (
            [(began_ms, 1)],
            [(began_ms + 1_000, 1)],
            [(began_ms + 5_000, 1), (began_ms + 8_000, -2)],
        ):
            with world.change():
                ledger.write_down(world, watched, None, changes)
    before_ms = figures_row(world, stream)["watch_ms"]
    assert before_ms == 1_000 + 2 * 4_000 + 3 * 3_000

    with world.change():
        ledger.cut(world, stream, began_ms + 6_000)

    assert points(world, stream) == [
        (began_ms, 1),
        (began_ms + 1_000, 2),
        (began_ms + 5_000, 3),
        (began_ms + 6_000, 1),
    ]
    row = figures_row(world, stream)
    assert (row["watch_ms"], row["changed_at_ms"]) == (before_ms - 3 * 2_000, began_ms + 6_000)
    assert len(points(world, other)) == 4
    # A second correction changes nothing: nothing is after the end.
    with world.change():
        ledger.cut(world, stream, began_ms + 6_000)
    assert figures_row(world, stream)["watch_ms"] == before_ms - 6_000


def figures_row(world: World, stream: Stream) -> dict[str, int]:
    row = world.store.row("SELECT * FROM audience WHERE stream_row = ?", stream.pk)
    assert row is not None
    return dict(row)


def test_ledger_folds_changes_in_the_order_of_their_times(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    began_ms = clock.now_ms()
    with world.change():
        viewers = ledger.write_down(world, stream, None, [(began_ms + 10, 1), (began_ms, 1)])
        # A viewer that is discovered late counts from the ledger's current time.
        assert ledger.write_down(world, stream, None, [(began_ms + 5, -1)]) == viewers - 1 == 1

    row = figures_row(world, stream)
    assert (row["peak"], row["watch_ms"], row["changed_at_ms"]) == (2, 10, began_ms + 10)
    assert points(world, stream)[-1] == (began_ms + 10, 1)


def test_ledger_writes_nothing_of_a_stream_without_an_audience(
    world: World, stream: Stream
) -> None:
    with world.change():
        assert ledger.write_down(world, stream, None) == 0
    assert world.store.row("SELECT 1 FROM audience WHERE stream_row = ?", stream.pk) is None


def test_ledger_peak_of_a_stream_grows_and_never_falls(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    def peak() -> int:
        return world.store.number("SELECT peak_viewer_count FROM streams WHERE row = ?", stream.pk)

    now_ms = clock.now_ms()
    for changes, expected in (([1, 1, 1], 3), ([-1, -1], 3), ([1], 3), ([1, 1], 4)):
        with world.change():
            ledger.write_down(world, stream, None, [(now_ms, change) for change in changes])
        assert peak() == expected


def test_ledger_stays_are_counted_by_whole_minutes(world: World, stream: Stream) -> None:
    with world.change():
        for stay_ms, count in ((59_999, 1), (60_000, 2), (119_999, 3), (0, 1), (-5, 1)):
            ledger.note_stay(world, stream, stay_ms, count)

    rows = world.store.rows("SELECT minutes, viewers FROM audience_stays")
    assert {row["minutes"]: row["viewers"] for row in rows} == {0: 3, 1: 5}


def test_ledger_keeps_a_bounded_number_of_names_and_goes_on_counting_those(
    world: World, stream: Stream
) -> None:
    for number in range(ledger.TRAITS_MAX + 3):
        attendance.see(world, stream, f"s{number}", device=f"d{number}", referrer="r")
    attendance.see(world, stream, "again", device="d0")

    devices = Counter(figures.traits(world, stream, "device"))
    assert len(devices) == ledger.TRAITS_MAX + 1
    assert (devices["d0"], devices[f"d{ledger.TRAITS_MAX - 1}"], devices["other"]) == (2, 1, 3)
    assert figures.traits(world, stream, "referrer") == {"r": ledger.TRAITS_MAX + 3, "direct": 1}
