"""SCHEDULE, WEEKLY_SCHEDULE and UPCOMING (contract, schemas). Days and times are UTC."""

from collections.abc import Sequence
from typing import TypedDict

from emulator.shapes.live import CategoryShape, category_shape
from emulator.shapes.times import iso
from emulator.world.live import categories
from emulator.world.people.accounts import User
from emulator.world.people.schedules import DAY_NAMES, ScheduleEntry, Upcoming, time_of
from emulator.world.world import World


class ScheduleShape(TypedDict):
    """`day_of_week` 0 is Monday; times are written `HH:MM`."""

    id: str
    user_id: str
    day_of_week: int
    start_time: str
    end_time: str
    title: str
    category: CategoryShape | None
    is_recurring: bool
    created_at: str


class DaySchedule(TypedDict):
    day_of_week: int
    day_name: str
    schedules: list[ScheduleShape]


class WeeklySchedule(TypedDict):
    """All seven days, Monday first."""

    user_id: str
    username: str
    schedule: list[DaySchedule]
    total_entries: int


class UpcomingShape(TypedDict):
    """`date` is written `YYYY-MM-DD`."""

    schedule_id: str
    date: str
    day_of_week: int
    day_name: str
    start_time: str
    end_time: str
    title: str
    category: CategoryShape | None


class UpcomingList(TypedDict):
    upcoming_streams: list[UpcomingShape]


def schedule_shape(world: World, user: User, entry: ScheduleEntry) -> ScheduleShape:
    return {
        "id": entry.id,
        "user_id": user.id,
        "day_of_week": entry.day_of_week,
        "start_time": time_of(entry.start_minute),
        "end_time": time_of(entry.end_minute),
        "title": entry.title,
        "category": _category(world, entry),
        "is_recurring": entry.is_recurring,
        "created_at": iso(entry.created_at_ms),
    }


def weekly_schedule(world: World, user: User, entries: Sequence[ScheduleEntry]) -> WeeklySchedule:
    return {
        "user_id": user.id,
        "username": user.username,
        "schedule": [
            {
                "day_of_week": day,
                "day_name": name,
                "schedules": [
                    schedule_shape(world, user, entry)
                    for entry in entries
                    if entry.day_of_week == day
                ],
            }
            for day, name in enumerate(DAY_NAMES)
        ],
        "total_entries": len(entries),
    }


def upcoming_shapes(world: World, upcomings: Sequence[Upcoming]) -> list[UpcomingShape]:
    return [
        {
            "schedule_id": upcoming.entry.id,
            "date": iso(upcoming.start_ms)[: len("2026-01-01")],
            "day_of_week": upcoming.entry.day_of_week,
            "day_name": DAY_NAMES[upcoming.entry.day_of_week],
            "start_time": time_of(upcoming.entry.start_minute),
            "end_time": time_of(upcoming.entry.end_minute),
            "title": upcoming.entry.title,
            "category": _category(world, upcoming.entry),
        }
        for upcoming in upcomings
    ]


def _category(world: World, entry: ScheduleEntry) -> CategoryShape | None:
    text = entry.category_id
    return None if text is None else category_shape(categories.find(world, text))
