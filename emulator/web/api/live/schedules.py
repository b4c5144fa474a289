"""`/streams/{stream_id}/schedule`: when a stream is planned for."""

from pydantic import Field

from emulator.core.errors import Refused
from emulator.shapes.live import StreamSchedule, schedule_shape
from emulator.web.api.live.instants import Instant, milliseconds
from emulator.web.api.models import Request, Whole
from emulator.web.errors import Invalid, mistake
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.live import schedules, streams

_DAY_MINUTES = 24 * 60


class ScheduleCreate(Request):
    scheduled_start: Instant
    duration_minutes: Whole = Field(60, ge=1, le=_DAY_MINUTES)


def read(call: Call) -> StreamSchedule | None:
    """Read when a stream is planned for; null where it is not."""
    stream = streams.find_for(call.world, call.path["stream_id"], call.caller)
    schedule = schedules.of_stream(stream)
    return None if schedule is None else schedule_shape(stream, schedule)


def plan(call: Call) -> StreamSchedule:
    """Plan a stream, or plan it anew."""
    stream = streams.find_own(call.world, call.path["stream_id"], call.user)
    wish = call.body_as(ScheduleCreate)
    start_ms = milliseconds(wish.scheduled_start)
    try:
        planned = schedules.plan(call.world, stream, start_ms, wish.duration_minutes)
    except Refused as refused:
        if refused.code != "invalid":
            raise
        payload = mistake(("body", "scheduled_start"), "in_the_past", refused.message)
        raise Invalid([payload]) from refused
    schedule = schedules.of_stream(planned)
    if schedule is None:
        raise RuntimeError("a stream that was planned has no plan")
    return schedule_shape(planned, schedule)


def cancel(call: Call) -> None:
    """Take back a stream's plan."""
    stream = streams.find_own(call.world, call.path["stream_id"], call.user)
    schedules.cancel(call.world, stream)


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/{stream_id}/schedule",
        auth="public",
        answer=read,
        refuses=("not_found",),
        provenance="documented",
        is_reusable=True,
    ),
    Operation(
        method="POST",
        path="/streams/{stream_id}/schedule",
        auth="user",
        answer=plan,
        body=ScheduleCreate,
        status=201,
        refuses=("forbidden", "not_found", "conflict", "invalid"),
        provenance="documented",
    ),
    Operation(
        method="DELETE",
        path="/streams/{stream_id}/schedule",
        auth="user",
        answer=cancel,
        status=204,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="documented",
    ),
]
