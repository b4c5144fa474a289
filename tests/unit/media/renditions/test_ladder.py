"""A rendition that falls behind is given up, the largest first; the others continue."""

import asyncio
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.stream import HlsStream
from emulator.media.hls.window import Window
from emulator.media.ingest.flv import FlvReader
from emulator.media.packets import VideoTrack
from emulator.media.renditions.ladder import Ladder, Rung
from emulator.media.renditions.sizes import RenditionSize, sizes
from emulator.media.timeline import Timeline
from tests.support.broadcast import flv, flv_tags

HASTE_SECONDS = 6


def rung(name: str, folder: Path) -> Rung:
    return Rung(name, name * 8, HlsStream(folder / name, Window(segment_ms=1000, part_ms=200)))


def ladder(rungs: list[Rung], dropped: list[str], behind_ms: int) -> Ladder:
    return Ladder(
        rungs,
        part_ms=200,
        segment_ms=1000,
        behind_ms=behind_ms,
        on_drop=lambda rung, _: dropped.append(rung.name),
    )


def feed(running: Ladder, seconds: int) -> None:
    """Feed this many seconds of a stream at once."""
    timeline, reader = Timeline(), FlvReader()
    for tag in flv_tags(flv(seconds=seconds)):
        for placed in timeline.push(reader.read(tag), reader.tracks, timeline.latest // 90):
            running.push(placed)


async def test_rendition_ladder_drops_the_largest_first_and_wakes_its_readers(
    tmp_path: Path,
) -> None:
    # Given two renditions, a player that waits for the larger one,
    rungs = [rung("240p", tmp_path), rung("144p", tmp_path)]
    dropped: list[str] = []
    running = ladder(rungs, dropped, behind_ms=HASTE_SECONDS * 600)
    waiting = asyncio.create_task(rungs[0].hls_stream.wait_for_first())
    await asyncio.sleep(0)

    # when six seconds of a stream come at once,
    feed(running, HASTE_SECONDS)
    assert dropped == ["240p"]
    assert [rung.name for rung in running.rungs] == ["144p"]
    running.finish()
    await running.ended()

    # then the larger one is gone for good, with a warning, and the smaller one is complete.
    await waiting
    with pytest.raises(Refused, match="no longer made"):
        rungs[0].hls_stream.playlist("low_latency")
    assert "240p was dropped" in running.warnings[0]
    assert rungs[1].hls_stream.window.duration == pytest.approx(HASTE_SECONDS * 90_000, rel=0.02)
    assert rungs[1].hls_stream.window.is_finished


async def test_rendition_ladder_too_slow_machine_encodes_none(tmp_path: Path) -> None:
    rungs = [rung("240p", tmp_path), rung("144p", tmp_path)]
    dropped: list[str] = []
    running = ladder(rungs, dropped, behind_ms=500)

    feed(running, HASTE_SECONDS)
    running.finish()
    await running.ended()

    assert dropped == ["240p", "144p"]
    assert not running.rungs


def test_rendition_ladder_has_smaller_sizes_than_the_source_only() -> None:
    source = VideoTrack("h264", b"", "avc1.64001f", 1280, 720)

    assert sizes(("360p", "720p", "480p"), source) == [
        RenditionSize("480p", 854, 480),
        RenditionSize("360p", 640, 360),
    ]
    assert sizes(("144p",), VideoTrack("h264", b"", "avc1.64001f", 80, 144)) == []
    assert sizes((), source) == []
