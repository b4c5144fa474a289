"""`/streams/{stream_id}/schedule`: the planned time of a stream."""

from pydantic import Field

from emulator.core.errors import Refused
from emulator.shapes.live import StreamSchedule, schedule_shape
from emulator.web.api.live.instants import Instant, milliseconds
from emulator.web.api.models import Request, Whole
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.live import schedules, streams
from emulator.world.people.accounts import User

_DAY_MINUTES = 24 * 60


class ScheduleCreate(Request):
    scheduled_start: Instant
    duration_minutes: Whole = Field(60, ge=1, le=_DAY_MINUTES)


@endpoint("GET", "/streams/{stream_id}/schedule", provenance="documented")
def get_stream_schedule(call: Call, caller: User | None, stream_id: str) -> StreamSchedule | None:
    """Read the planned time of a stream; null without one."""
    stream = streams.find_for(call.world, stream_id, caller)
    schedule = schedules.of_stream(stream)
    return None if schedule is None else schedule_shape(stream, schedule)


@endpoint(
    "POST",
    "/streams/{stream_id}/schedule",
    provenance="documented",
    status=201,
    refuses=("forbidden", "conflict", "invalid"),
)
def schedule_stream(
    call: Call, caller: User, stream_id: str, body: ScheduleCreate
) -> StreamSchedule:
    """Plan a stream, or change its plan."""
    stream = streams.find_own(call.world, stream_id, caller)
    start_ms = milliseconds(body.scheduled_start)
    try:
        planned = schedules.plan(call.world, stream, start_ms, body.duration_minutes)
    except Refused as refused:
        if refused.code != "invalid":
            raise
        payload = error_detail(("body", "scheduled_start"), "in_the_past", refused.message)
        raise Invalid([payload]) from refused
    schedule = schedules.of_stream(planned)
    if schedule is None:
        raise RuntimeError("a stream that was planned has no plan")
    return schedule_shape(planned, schedule)


@endpoint(
    "DELETE",
    "/streams/{stream_id}/schedule",
    provenance="documented",
    refuses=("forbidden", "conflict"),
)
def cancel_stream_schedule(call: Call, caller: User, stream_id: str) -> None:
    """Cancel a stream's plan."""
    stream = streams.find_own(call.world, stream_id, caller)
    schedules.cancel(call.world, stream)
