"""The cost of one coded frame from its tag to its HLS part: without sockets and disk.

python -m benchmarks packet_path
"""

import asyncio
import time
from pathlib import Path

from benchmarks.contest import clip
from benchmarks.publishers import BIG, MANY
from benchmarks.table import Section
from emulator.core.clock import ManualClock
from emulator.media.broadcast.pipeline import Pipeline
from emulator.media.hls.stream import HlsStream
from emulator.media.hls.window import Window
from emulator.media.ingest.tag import Tag

_ROUNDS = 7


def measure() -> Section:
    """Measure CPU time, the best of several rounds."""
    rows = [("a publisher", "CPU a tag", "a second of media")]
    for kind in (MANY.kind, BIG.kind):
        first, repeated = clip.read(clip.record(kind))
        seconds = min(asyncio.run(_seconds(first, repeated)) for _ in range(_ROUNDS))
        tag_us, second_us = 1e6 * seconds / len(repeated), 1e6 * seconds / clip.SECONDS
        rows.append((str(kind), f"{tag_us:.1f} us", f"{second_us / 1000:.2f} ms"))
    return Section(
        title="From a tag to a part",
        rows=rows,
        notes=[f"{clip.SECONDS} s of film in parts of 200 ms, the best of {_ROUNDS} rounds."],
    )


async def _seconds(first: list[Tag], repeated: list[Tag]) -> float:
    hls_stream = HlsStream(Path(), Window(segment_ms=2_000, part_ms=200))
    pipeline = Pipeline(ManualClock(), lambda: hls_stream)
    for tag in first:
        pipeline.receive([tag])
    began = time.process_time()
    for tag in repeated:
        pipeline.receive([tag])
    return time.process_time() - began


if __name__ == "__main__":
    print(measure().markdown())
