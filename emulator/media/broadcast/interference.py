"""Interference: the effects of faults on accepted publishers (`world/faults/ingest`)."""

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from emulator.core.events.faults import FaultStarted
from emulator.world.faults.faults import Active
from emulator.world.faults.ingest import IngestCut, IngestThrottle, StreamEnd
from emulator.world.live import streams
from emulator.world.world import World

_CUT = "The connection was cut (a fault)."
_KINDS = (IngestCut.kind, IngestThrottle.kind)


class Interfered(Protocol):
    """A publisher's connection. With `bytes_per_second_max` 0 it is read as fast as it sends."""

    bytes_per_second_max: int

    @property
    def is_publishing(self) -> bool: ...

    def cut(self, reason: str) -> None: ...


def joined(world: World, stream_id: str, publication: Interfered) -> None:
    """Apply the active faults to a new publisher: its connection is cut later, or read slowly."""
    for active in world.faults.on(IngestCut):
        if active.fault.meets({"stream": stream_id}):
            due_ms = world.now_ms + active.fault.after_ms
            world.clock.call_at(due_ms, lambda: _cut_later(world, stream_id, publication))
            break
    slow = world.faults.strike(IngestThrottle, _publisher_name(stream_id), stream=stream_id)
    if slow is not None:
        _throttle(slow, publication)


def began(
    world: World, event: FaultStarted, publications: Iterable[tuple[str, Interfered]]
) -> None:
    """Apply a fault that has begun to the current publishers."""
    if event.kind not in _KINDS:
        return
    for stream_id, publication in publications:
        if event.kind == IngestCut.kind:
            _cut_later(world, stream_id, publication)
        else:
            slow = world.faults.strike(IngestThrottle, _publisher_name(stream_id), stream=stream_id)
            if slow is not None:
                _throttle(slow, publication)


def end_streams(world: World, event: FaultStarted) -> None:
    """End the live streams that a fault of kind `StreamEnd`, which has begun, is aimed at."""
    if event.kind != StreamEnd.kind:
        return
    for stream in streams.live(world):
        if world.faults.strike(StreamEnd, f"the stream {stream.id}", stream=stream.id):
            world.insist(partial(streams.end, world, stream, "ended by its owner"))


def _cut_later(world: World, stream_id: str, publication: Interfered) -> None:
    if publication.is_publishing and world.faults.strike(
        IngestCut, _publisher_name(stream_id), stream=stream_id
    ):
        publication.cut(_CUT)


def _throttle(slow: Active[IngestThrottle], publication: Interfered) -> None:
    publication.bytes_per_second_max = slow.fault.kbits * 125
    slow.when_over.append(lambda: _release(publication))


def _release(publication: Interfered) -> None:
    publication.bytes_per_second_max = 0


def _publisher_name(stream_id: str) -> str:
    return f"the publisher of {stream_id}"
