"""Schedules: the times of the week at which users stream. Days and times are UTC."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.core.events.people import ScheduleChanged, ScheduleMade, ScheduleRemoved
from emulator.world.live import categories
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.world import World

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


class ScheduleEntry(Struct, frozen=True):
    """A time of the week. `day_of_week` 0 is Monday; minutes count from midnight.

    `once_start_ms` is the start of an entry that does not recur; None for one that recurs.
    """

    pk: int
    id: str
    user_pk: int
    day_of_week: int
    start_minute: int
    end_minute: int
    title: str
    category_id: str | None
    once_start_ms: int | None
    created_at_ms: int

    @property
    def is_recurring(self) -> bool:
        return self.once_start_ms is None

    @property
    def length_ms(self) -> int:
        return (self.end_minute - self.start_minute) * _MINUTE_MS


class Upcoming(Struct, frozen=True):
    """One occurrence of an entry."""

    entry: ScheduleEntry
    start_ms: int


_SELECT = """
SELECT weekly_schedules.*, categories.id AS category_id FROM weekly_schedules
LEFT JOIN categories ON categories.row = weekly_schedules.category_row
"""


def minutes_of(time: str) -> int:
    """Convert `HH:MM`, 00:00 to 23:59, to minutes after midnight.

    Raises `ValueError` for other texts.
    """
    match = _TIME.fullmatch(time)
    if match is None:
        raise ValueError("a time is written like 09:30")
    return int(match[1]) * 60 + int(match[2])


def time_of(minutes: int) -> str:
    """Write minutes after midnight as `HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def of_user(world: World, user: User) -> list[ScheduleEntry]:
    """Return a user's week, from Monday on.

    An entry that does not recur is left out once it is over.
    """
    rows = world.store.rows(
        f"{_SELECT} WHERE weekly_schedules.user_row = ?"
        " ORDER BY weekly_schedules.day_of_week, weekly_schedules.start_minute,"
        " weekly_schedules.row",
        user.pk,
    )
    return [entry for entry in map(_entry, rows) if not _is_over(entry, world.now_ms)]


def upcoming(world: World, user: User, days: int) -> list[Upcoming]:
    """Return the occurrences that begin in the next `days` times 24 hours or run now, in order."""
    now_ms = world.now_ms
    until_ms = now_ms + days * _DAY_MS
    occurrences = [
        Upcoming(entry, start_ms)
        for entry in of_user(world, user)
        for start_ms in _starts(entry, now_ms, until_ms)
        if start_ms < until_ms and start_ms + entry.length_ms > now_ms
    ]
    return sorted(occurrences, key=lambda one: (one.start_ms, one.entry.pk))


def make(
    world: World,
    user: User,
    *,
    day_of_week: int,
    start_minute: int,
    end_minute: int,
    title: str,
    category_id: str | None = None,
    is_recurring: bool = True,
) -> ScheduleEntry:
    """Add a time to a user's week. An entry that does not recur gets the next date that fits."""
    entry = ScheduleEntry(
        pk=0,
        id=world.ids.uuid(),
        user_pk=user.pk,
        day_of_week=day_of_week,
        start_minute=start_minute,
        end_minute=end_minute,
        title=title,
        category_id=category_id,
        once_start_ms=None,
        created_at_ms=world.now_ms,
    )
    if not is_recurring:
        entry = replace(entry, once_start_ms=_next_start_ms(entry, world.now_ms))
    _check(world, user, entry)
    values = _values(world, entry)
    with world.change():
        _forget_what_is_over(world, user)
        row = world.store.write(
            "INSERT INTO weekly_schedules (id, user_row, day_of_week, start_minute, end_minute,"
            " title, category_row, once_start_ms, created_at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.id,
            user.pk,
            *values,
            entry.created_at_ms,
        )
        world.emit(ScheduleMade(at_ms=world.now_ms, user_id=user.id, schedule_id=entry.id))
    return replace(entry, pk=row)


def find_own(world: World, user: User, schedule_id: str) -> ScheduleEntry:
    """Return a user's entry.

    Refuses (`not_found`) an unknown one, (`forbidden`) somebody else's.
    """
    row = world.store.row(f"{_SELECT} WHERE weekly_schedules.id = ?", schedule_id)
    if row is None or _is_over(_entry(row), world.now_ms):
        raise Refused("not_found", "Schedule not found")
    if row["user_row"] != user.pk:
        raise Refused("forbidden", "Not authorized to manage this schedule")
    return _entry(row)


def update(
    world: World, user: User, entry: ScheduleEntry, changes: Mapping[str, Any]
) -> ScheduleEntry:
    """Change the fields in `changes`, named as in `make`. Refuses what `make` refuses."""
    fields = dict(changes)
    is_recurring = fields.pop("is_recurring", entry.is_recurring)
    changed = replace(entry, **fields)
    if is_recurring:
        changed = replace(changed, once_start_ms=None)
    elif entry.is_recurring or _time(changed) != _time(entry):
        changed = replace(changed, once_start_ms=_next_start_ms(changed, world.now_ms))
    _check(world, user, changed)
    values = _values(world, changed)
    with world.change():
        world.store.write(
            "UPDATE weekly_schedules SET day_of_week = ?, start_minute = ?, end_minute = ?,"
            " title = ?, category_row = ?, once_start_ms = ? WHERE row = ?",
            *values,
            entry.pk,
        )
        world.emit(
            ScheduleChanged(
                at_ms=world.now_ms,
                user_id=user.id,
                schedule_id=entry.id,
                changed=tuple(sorted(changes)),
            )
        )
    return changed


def remove(world: World, user: User, entry: ScheduleEntry) -> None:
    with world.change():
        world.store.write("DELETE FROM weekly_schedules WHERE row = ?", entry.pk)
        world.emit(ScheduleRemoved(at_ms=world.now_ms, user_id=user.id, schedule_id=entry.id))


def _check(world: World, user: User, entry: ScheduleEntry) -> None:
    if entry.end_minute <= entry.start_minute:
        raise Refused("invalid", "The end must be after the start, on the same day")
    for other in of_user(world, user):
        if other.id != entry.id and _overlap(other, entry):
            raise Refused(
                "conflict",
                f"Overlaps {DAY_NAMES[other.day_of_week]} {time_of(other.start_minute)} to"
                f" {time_of(other.end_minute)}: {other.title}",
            )


def _overlap(one: ScheduleEntry, other: ScheduleEntry) -> bool:
    """Whether two entries share a minute. Two that do not recur may lie in different weeks."""
    is_apart = (
        one.day_of_week != other.day_of_week
        or one.end_minute <= other.start_minute
        or other.end_minute <= one.start_minute
    )
    if is_apart or one.once_start_ms is None or other.once_start_ms is None:
        return not is_apart
    return one.once_start_ms // _DAY_MS == other.once_start_ms // _DAY_MS


def _time(entry: ScheduleEntry) -> tuple[int, int, int]:
    return entry.day_of_week, entry.start_minute, entry.end_minute


def _starts(entry: ScheduleEntry, now_ms: int, until_ms: int) -> list[int]:
    if entry.once_start_ms is not None:
        return [entry.once_start_ms]
    first = now_ms // _DAY_MS
    return [
        day * _DAY_MS + entry.start_minute * _MINUTE_MS
        for day in range(first, until_ms // _DAY_MS + 1)
        if _day_of_week(day) == entry.day_of_week
    ]


def _next_start_ms(entry: ScheduleEntry, now_ms: int) -> int:
    """Return the next start (ms) of an entry's time: now or later."""
    today = now_ms // _DAY_MS
    day = today + (entry.day_of_week - _day_of_week(today)) % 7
    start_ms = day * _DAY_MS + entry.start_minute * _MINUTE_MS
    return start_ms if start_ms >= now_ms else start_ms + 7 * _DAY_MS


def _day_of_week(day: int) -> int:
    """Return the weekday of a day counted from 1 January 1970, which was a Thursday."""
    return (day + 3) % 7


def _is_over(entry: ScheduleEntry, now_ms: int) -> bool:
    return entry.once_start_ms is not None and entry.once_start_ms + entry.length_ms <= now_ms


def _forget_what_is_over(world: World, user: User) -> None:
    world.store.write(
        "DELETE FROM weekly_schedules WHERE user_row = ?"
        " AND once_start_ms + (end_minute - start_minute) * 60000 <= ?",
        user.pk,
        world.now_ms,
    )


def _values(world: World, entry: ScheduleEntry) -> tuple[object, ...]:
    category_id = entry.category_id
    return (
        entry.day_of_week,
        entry.start_minute,
        entry.end_minute,
        entry.title,
        None if category_id is None else categories.find(world, category_id).pk,
        entry.once_start_ms,
    )


_entry = partial(read_row, ScheduleEntry)
