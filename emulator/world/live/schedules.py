"""Schedules: the planned time of one stream. Weekly schedules of users: `people/schedules`."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.world import World

_MINUTE_MS = 60_000


class Schedule(Struct, frozen=True):
    """The planned start and length; `minutes` is None if only a start is known."""

    start_ms: int
    minutes: int | None

    @property
    def end_ms(self) -> int | None:
        return None if self.minutes is None else self.start_ms + self.minutes * _MINUTE_MS


def of_stream(stream: Stream) -> Schedule | None:
    """Return a stream's plan, which its `scheduled_start` shows too; None without one."""
    if stream.scheduled_start_ms is None:
        return None
    return Schedule(stream.scheduled_start_ms, stream.scheduled_minutes)


def plan(world: World, stream: Stream, start_ms: int, minutes: int) -> Stream:
    """Plan a stream, or change its plan.

    Refuses (`conflict`) a stream that is not offline, (`invalid`) a start in the past.
    """
    if stream.status != "offline":
        raise Refused("conflict", f"Stream is {stream.status}. Only an offline one is planned.")
    if start_ms <= world.now_ms:
        raise Refused("invalid", "The start is in the past. Choose a later one.")
    planned = {"scheduled_start_ms": start_ms, "scheduled_minutes": minutes}
    return streams.update(world, stream, StreamPatch(planned))


def cancel(world: World, stream: Stream) -> None:
    """Cancel a plan. Refuses (`not_found`) a stream without one, (`conflict`) an ended stream."""
    if stream.scheduled_start_ms is None:
        raise Refused("not_found", "Stream has no schedule")
    streams.update(
        world, stream, StreamPatch({"scheduled_start_ms": None, "scheduled_minutes": None})
    )
