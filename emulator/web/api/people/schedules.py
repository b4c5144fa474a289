"""`/streams/me/schedule`, `/streams/users/{username}/schedule`: weekly schedules of users."""

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
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people import accounts, schedules
from emulator.world.people.accounts import User


def _is_time(text: str) -> str:
    schedules.minutes_of(text)
    return text


_Time = Annotated[str, Field(min_length=5, max_length=5), AfterValidator(_is_time)]
_Day = Annotated[Whole, Field(ge=0, le=6)]
_Title = Annotated[str, Field(min_length=1, max_length=200)]


class WeeklyCreate(Request):
    """`day_of_week` 0 is Monday; times are `HH:MM` in UTC."""

    day_of_week: _Day
    start_time: _Time
    end_time: _Time
    title: _Title
    category_id: OptionalId = None
    is_recurring: bool = True


class WeeklyUpdate(Request):
    """A null removes the category, and has no effect elsewhere."""

    day_of_week: _Day | None = None
    start_time: _Time | None = None
    end_time: _Time | None = None
    title: _Title | None = None
    category_id: OptionalId = None
    is_recurring: bool | None = None


class UpcomingQuery(Request):
    days: int = Field(7, ge=1, le=31)


@endpoint("GET", "/streams/me/schedule", provenance="guide")
def get_my_schedule(call: Call, caller: User) -> WeeklySchedule:
    """Read the caller's week."""
    return weekly_schedule(call.world, caller, schedules.of_user(call.world, caller))


@endpoint("GET", "/streams/users/{username}/schedule", provenance="guide")
def get_user_schedule(call: Call, username: str) -> WeeklySchedule:
    """Read a user's week: all seven days."""
    user = accounts.by_username(call.world, username)
    return weekly_schedule(call.world, user, schedules.of_user(call.world, user))


@endpoint("GET", "/streams/users/{username}/upcoming", provenance="guide")
def list_upcoming_streams(call: Call, username: str, query: UpcomingQuery) -> UpcomingList:
    """List a user's planned streams of the next days."""
    user = accounts.by_username(call.world, username)
    occurrences = schedules.upcoming(call.world, user, query.days)
    return {"upcoming_streams": upcoming_shapes(call.world, occurrences)}


@endpoint(
    "POST",
    "/streams/me/schedule",
    provenance="guide",
    status=201,
    refuses=("not_found", "conflict", "invalid"),
)
def create_schedule_entry(call: Call, caller: User, body: WeeklyCreate) -> ScheduleShape:
    """Add a time to the caller's week."""
    with _end_time_blamed():
        schedule_entry = schedules.make(call.world, caller, **_values(body.model_dump()))
    return schedule_shape(call.world, caller, schedule_entry)


@endpoint(
    "PUT",
    "/streams/me/schedule/{schedule_id}",
    provenance="guide",
    refuses=("forbidden", "conflict", "invalid"),
)
def update_schedule_entry(
    call: Call, caller: User, schedule_id: str, body: WeeklyUpdate
) -> ScheduleShape:
    """Change a time of the caller's week."""
    entry = schedules.find_own(call.world, caller, schedule_id)
    payload = body.model_dump(exclude_unset=True)
    values = {
        name: value for name, value in payload.items() if value is not None or name == "category_id"
    }
    with _end_time_blamed():
        changed = schedules.update(call.world, caller, entry, _values(values))
    return schedule_shape(call.world, caller, changed)


@endpoint(
    "DELETE", "/streams/me/schedule/{schedule_id}", provenance="guide", refuses=("forbidden",)
)
def delete_schedule_entry(call: Call, caller: User, schedule_id: str) -> None:
    """Remove a time from the caller's week."""
    entry = schedules.find_own(call.world, caller, schedule_id)
    schedules.remove(call.world, caller, entry)


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body as the world's values: times as minutes after midnight."""
    values = dict(fields)
    for end in ("start", "end"):
        if f"{end}_time" in values:
            values[f"{end}_minute"] = schedules.minutes_of(values.pop(f"{end}_time"))
    return values


@contextmanager
def _end_time_blamed() -> Iterator[None]:
    """Report an end that is not after the start as an error of the field `end_time`."""
    try:
        yield
    except Refused as refused:
        if refused.code != "invalid":
            raise
        payload = error_detail(("body", "end_time"), "end_before_start", refused.message)
        raise Invalid([payload]) from refused
