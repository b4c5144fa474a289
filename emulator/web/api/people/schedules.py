"""`/streams/me/schedule`, `/streams/users/{username}/schedule`: at which times people stream."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from emulator.core.errors import Refused
from emulator.shapes.schedules import (
    ScheduleShape,
    UpcomingList,
    WeeklySchedule,
    schedule_shape,
    upcoming_shapes,
    weekly_schedule,
)
from emulator.web.api.models import OptionalId, Request, Whole
from emulator.web.errors import Invalid, mistake
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.people import accounts, schedules


def _is_time(text: str) -> str:
    schedules.minutes_of(text)
    return text


_Time = Annotated[str, Field(min_length=5, max_length=5), AfterValidator(_is_time)]
_Day = Annotated[Whole, Field(ge=0, le=6)]
_Title = Annotated[str, Field(min_length=1, max_length=200)]


class WeeklyCreate(Request):
    """`day_of_week` 0 is Monday; times are written `HH:MM` and are UTC."""

    day_of_week: _Day
    start_time: _Time
    end_time: _Time
    title: _Title
    category_id: OptionalId = None
    is_recurring: bool = True


class WeeklyUpdate(Request):
    """A null says nothing, but for the category, which it takes away."""

    day_of_week: _Day | None = None
    start_time: _Time | None = None
    end_time: _Time | None = None
    title: _Title | None = None
    category_id: OptionalId = None
    is_recurring: bool | None = None


class UpcomingQuery(Request):
    days: int = Field(7, ge=1, le=31)


def mine(call: Call) -> WeeklySchedule:
    """Read the caller's week."""
    return weekly_schedule(call.world, call.user, schedules.of_user(call.world, call.user))


def of_user(call: Call) -> WeeklySchedule:
    """Read a user's week: all seven days."""
    user = accounts.by_username(call.world, call.path["username"])
    return weekly_schedule(call.world, user, schedules.of_user(call.world, user))


def upcoming(call: Call) -> UpcomingList:
    """List when a user streams in the next days."""
    user = accounts.by_username(call.world, call.path["username"])
    upcomings = schedules.upcoming(call.world, user, call.query_as(UpcomingQuery).days)
    return {"upcoming_streams": upcoming_shapes(call.world, upcomings)}


def create(call: Call) -> ScheduleShape:
    """Add a time to the caller's week."""
    wanted = call.body_as(WeeklyCreate)
    with _end_time_blamed():
        schedule_entry = schedules.make(call.world, call.user, **_values(wanted.model_dump()))
    return schedule_shape(call.world, call.user, schedule_entry)


def update(call: Call) -> ScheduleShape:
    """Change a time of the caller's week."""
    entry = schedules.find_own(call.world, call.user, call.path["schedule_id"])
    payload = call.body_as(WeeklyUpdate).model_dump(exclude_unset=True)
    values = {
        name: value for name, value in payload.items() if value is not None or name == "category_id"
    }
    with _end_time_blamed():
        changed = schedules.update(call.world, call.user, entry, _values(values))
    return schedule_shape(call.world, call.user, changed)


def remove(call: Call) -> None:
    """Remove a time from the caller's week."""
    entry = schedules.find_own(call.world, call.user, call.path["schedule_id"])
    schedules.remove(call.world, call.user, entry)


def _values(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was told, in the world's words: minutes after midnight for times."""
    values = dict(told)
    for end in ("start", "end"):
        if f"{end}_time" in values:
            values[f"{end}_minute"] = schedules.minutes_of(values.pop(f"{end}_time"))
    return values


@contextmanager
def _end_time_blamed() -> Iterator[None]:
    """An end that is not after the start is the end's mistake, as every mistake has its place."""
    try:
        yield
    except Refused as refused:
        if refused.code != "invalid":
            raise
        payload = mistake(("body", "end_time"), "end_before_start", refused.message)
        raise Invalid([payload]) from refused


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/me/schedule",
        auth="user",
        answer=mine,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="POST",
        path="/streams/me/schedule",
        auth="user",
        answer=create,
        body=WeeklyCreate,
        status=201,
        refuses=("not_found", "conflict", "invalid"),
        provenance="guide",
    ),
    Operation(
        method="PUT",
        path="/streams/me/schedule/{schedule_id}",
        auth="user",
        answer=update,
        body=WeeklyUpdate,
        refuses=("forbidden", "not_found", "conflict", "invalid"),
        provenance="guide",
    ),
    Operation(
        method="DELETE",
        path="/streams/me/schedule/{schedule_id}",
        auth="user",
        answer=remove,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/schedule",
        auth="public",
        answer=of_user,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/upcoming",
        auth="public",
        answer=upcoming,
        query=UpcomingQuery,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
]
