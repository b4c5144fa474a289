"""Weekly schedules, in UTC. The clock of these tests begins on Thursday, 2026-01-01, 00:00."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.live import categories
from emulator.world.people import accounts, schedules
from emulator.world.people.accounts import User
from emulator.world.people.schedules import ScheduleEntry, minutes_of, time_of
from emulator.world.world import World

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TIMES = {f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)}
MONDAY, WEDNESDAY, THURSDAY, FRIDAY = 0, 2, 3, 4


def make(
    world: World, user: User, day: int, start: str, end: str, *, is_recurring: bool = True
) -> ScheduleEntry:
    return schedules.make(
        world,
        user,
        day_of_week=day,
        start_minute=minutes_of(start),
        end_minute=minutes_of(end),
        title=f"{start} to {end}",
        is_recurring=is_recurring,
    )


def dates(world: World, user: User, days: int) -> list[str]:
    return [
        f"{datetime.fromtimestamp(upcoming.start_ms / 1000, UTC):%a %d %H:%M}"
        for upcoming in schedules.upcoming(world, user, days)
    ]


def test_schedules_week_is_listed_from_monday(world: World, ada: User) -> None:
    late = make(world, ada, WEDNESDAY, "20:00", "21:00")
    early = make(world, ada, WEDNESDAY, "10:00", "14:00")
    monday = make(world, ada, MONDAY, "23:00", "23:59")

    assert schedules.of_user(world, ada) == [monday, early, late]


def test_schedules_recurring_entry_comes_every_week(world: World, ada: User) -> None:
    make(world, ada, MONDAY, "10:00", "14:00")
    make(world, ada, THURSDAY, "09:00", "10:00")

    assert dates(world, ada, 7) == ["Thu 01 09:00", "Mon 05 10:00"]
    assert dates(world, ada, 15) == [
        "Thu 01 09:00",
        "Mon 05 10:00",
        "Thu 08 09:00",
        "Mon 12 10:00",
        "Thu 15 09:00",
    ]
    assert dates(world, ada, 1) == ["Thu 01 09:00"]


def test_schedules_running_entry_is_upcoming_until_its_end(
    world: World, clock: ManualClock, ada: User
) -> None:
    make(world, ada, THURSDAY, "09:00", "10:00")

    clock.advance(10 * HOUR_MS - 1)
    assert dates(world, ada, 7) == ["Thu 01 09:00", "Thu 08 09:00"]
    clock.advance(1)

    assert dates(world, ada, 7) == ["Thu 08 09:00"]


def test_schedules_single_entry_comes_once_and_is_gone(
    world: World, clock: ManualClock, ada: User
) -> None:
    once = make(world, ada, FRIDAY, "18:00", "20:00", is_recurring=False)

    assert dates(world, ada, 31) == ["Fri 02 18:00"]
    assert schedules.of_user(world, ada) == [once]
    clock.advance(2 * DAY_MS)

    assert dates(world, ada, 31) == []
    assert schedules.of_user(world, ada) == []
    with pytest.raises(Refused, match="not found"):
        schedules.find_own(world, ada, once.id)
    make(world, ada, FRIDAY, "18:00", "20:00")
    assert world.store.number("SELECT count(*) FROM weekly_schedules") == 1


def test_schedules_time_already_past_today_means_next_week(
    world: World, clock: ManualClock, ada: User
) -> None:
    clock.advance(12 * HOUR_MS)

    make(world, ada, THURSDAY, "11:00", "12:00", is_recurring=False)
    make(world, ada, THURSDAY, "12:00", "13:00", is_recurring=False)

    assert dates(world, ada, 31) == ["Thu 01 12:00", "Thu 08 11:00"]


@pytest.mark.parametrize(
    ("start", "end", "is_taken"),
    [
        ("08:00", "10:00", False),
        ("14:00", "15:00", False),
        ("08:00", "10:01", True),
        ("13:59", "15:00", True),
        ("11:00", "12:00", True),
        ("10:00", "14:00", True),
        ("00:00", "23:59", True),
    ],
)
def test_schedules_entries_of_a_day_do_not_overlap(
    world: World, ada: User, bob: User, start: str, end: str, is_taken: bool
) -> None:
    make(world, ada, MONDAY, "10:00", "14:00")
    make(world, ada, WEDNESDAY, start, end)
    make(world, bob, MONDAY, start, end)

    if not is_taken:
        assert make(world, ada, MONDAY, start, end)
        return
    with pytest.raises(Refused, match="Overlaps Monday 10:00 to 14:00") as refused:
        make(world, ada, MONDAY, start, end)
    assert refused.value.code == "conflict"


def test_schedules_single_entries_share_a_time_in_different_weeks(
    world: World, clock: ManualClock, ada: User
) -> None:
    make(world, ada, THURSDAY, "11:00", "13:00", is_recurring=False)
    clock.advance(12 * HOUR_MS)

    make(world, ada, THURSDAY, "11:30", "12:30", is_recurring=False)

    with pytest.raises(Refused, match="Overlaps"):
        make(world, ada, THURSDAY, "12:00", "13:00")


@pytest.mark.parametrize(("start", "end"), [("10:00", "10:00"), ("10:00", "09:59")])
def test_schedules_end_is_after_start(world: World, ada: User, start: str, end: str) -> None:
    with pytest.raises(Refused) as refused:
        make(world, ada, MONDAY, start, end)
    assert refused.value.code == "invalid"


def test_schedules_entry_is_patched_field_by_field(world: World, ada: User) -> None:
    categories.make(world, "Rust", "rust")
    rust = categories.by_slug(world, "rust")
    entry = make(world, ada, MONDAY, "10:00", "14:00")
    make(world, ada, MONDAY, "15:00", "16:00")

    changed = schedules.update(
        world, ada, entry, {"title": "Other", "end_minute": 660, "category_id": rust.id}
    )

    assert schedules.find_own(world, ada, entry.id) == changed
    assert (changed.title, changed.end_minute, changed.category_id) == ("Other", 660, rust.id)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"end_minute": 600}, "invalid"),
        ({"end_minute": 901}, "conflict"),
        ({"category_id": "nothing"}, "not_found"),
    ]
    for given_parts, code in refusals:
        with pytest.raises(Refused) as refused:
            schedules.update(world, ada, changed, given_parts)
        assert refused.value.code == code
    assert schedules.find_own(world, ada, entry.id) == changed


def test_schedules_new_title_moves_nothing(world: World, clock: ManualClock, ada: User) -> None:
    entry = make(world, ada, THURSDAY, "11:00", "13:00", is_recurring=False)
    clock.advance(12 * HOUR_MS)

    renamed = schedules.update(world, ada, entry, {"title": "Other"})
    assert renamed.once_start_ms == entry.once_start_ms
    moved = schedules.update(world, ada, renamed, {"end_minute": minutes_of("13:30")})

    assert moved.once_start_ms == (entry.once_start_ms or 0) + 7 * DAY_MS
    assert schedules.update(world, ada, moved, {"is_recurring": True}).is_recurring


def test_schedules_of_others_cannot_be_changed(world: World, ada: User, bob: User) -> None:
    entry = make(world, ada, MONDAY, "10:00", "14:00")

    with pytest.raises(Refused) as refused:
        schedules.find_own(world, bob, entry.id)

    assert refused.value.code == "forbidden"


def test_schedules_removed_entry_is_gone(world: World, ada: User) -> None:
    entry = make(world, ada, MONDAY, "10:00", "14:00")

    schedules.remove(world, ada, entry)

    assert schedules.of_user(world, ada) == []


@given(st.text(max_size=7) | st.from_regex(r"\A\d\d:\d\d\Z") | st.sampled_from(sorted(TIMES)))
def test_schedules_invalid_time_is_refused(text: str) -> None:
    if text in TIMES:
        assert time_of(minutes_of(text)) == text
    else:
        with pytest.raises(ValueError, match="09:30"):
            minutes_of(text)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1439), st.booleans()),
        max_size=8,
    ),
    st.integers(0, 8 * DAY_MS),
    st.integers(1, 31),
)
def test_schedules_random_entries_are_in_order_and_never_overlap(
    wanted: list[tuple[int, int, int, bool]], at_ms: int, days: int
) -> None:
    clock = ManualClock()
    clock.advance(at_ms)
    world = World(clock=clock, publish=lambda _: None)
    ada = accounts.make(world, "ada")
    count, refusals = 0, set[str]()
    for day, start, end, is_recurring in wanted:
        try:
            schedules.make(
                world,
                ada,
                day_of_week=day,
                start_minute=start,
                end_minute=end,
                title="x",
                is_recurring=is_recurring,
            )
        except Refused as refused:
            refusals.add(refused.code)
        else:
            count += 1
    assert refusals <= {"invalid", "conflict"}
    upcomings = schedules.upcoming(world, ada, days)
    starts = [upcoming.start_ms for upcoming in upcomings]
    ends = [upcoming.start_ms + upcoming.entry.length_ms for upcoming in upcomings]

    assert starts == sorted(starts)
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    for upcoming in upcomings:
        begins = datetime.fromtimestamp(upcoming.start_ms / 1000, UTC)
        assert begins.weekday() == upcoming.entry.day_of_week
        assert begins.hour * 60 + begins.minute == upcoming.entry.start_minute
    assert len(schedules.of_user(world, ada)) == count
    if days >= 8:
        assert {upcoming.entry.id for upcoming in upcomings if upcoming.entry.is_recurring} == {
            schedule_entry.id
            for schedule_entry in schedules.of_user(world, ada)
            if schedule_entry.is_recurring
        }
    world.close()
