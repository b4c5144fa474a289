"""Schedules: when a stream is planned for, once. The weekly ones are their user's."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.world import World

_MINUTE_MS = 60_000


class Schedule(Struct, frozen=True):
    """`minutes` is None where only a start was told, as a stream's maker may."""

    start_ms: int
    minutes: int | None

    @property
    def end_ms(self) -> int | None:
        return None if self.minutes is None else self.start_ms + self.minutes * _MINUTE_MS


def of_stream(stream: Stream) -> Schedule | None:
    """What a stream is planned for: the same fact as its `scheduled_start`."""
    if stream.scheduled_start_ms is None:
        return None
    return Schedule(stream.scheduled_start_ms, stream.scheduled_minutes)


def plan(world: World, stream: Stream, start_ms: int, minutes: int) -> Stream:
    """Plan a stream, or plan it anew.

    Refuses (`conflict`) one that is not offline, (`invalid`) a start that is past.
    """
    if stream.status != "offline":
        raise Refused("conflict", f"Stream is {stream.status}. Only an offline one is planned.")
    if start_ms <= world.now_ms:
        raise Refused("invalid", "The start lies in the past. Choose a later one.")
    planned = {"scheduled_start_ms": start_ms, "scheduled_minutes": minutes}
    return streams.update(world, stream, StreamPatch(planned))


def cancel(world: World, stream: Stream) -> None:
    """Take a plan back. Refuses (`not_found`) where there is none, (`conflict`) an ended stream."""
    if stream.scheduled_start_ms is None:
        raise Refused("not_found", "Stream has no schedule")
    streams.update(
        world, stream, StreamPatch({"scheduled_start_ms": None, "scheduled_minutes": None})
    )
