"""Renditions are cut where their source is cut, and show its picture in a smaller size."""

from io import BytesIO

import av
from msgspec.structs import replace

from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.ingest.flv import FlvReader
from emulator.media.packets import Packet, VideoTrack
from emulator.media.renditions.worker import RenditionPart, RenditionWorker
from emulator.media.sequencer import Sequencer
from emulator.media.timeline import Sequenced, Timeline
from tests.support.broadcast import flv, flv_tags, joined
from tests.support.tables import table

NAMES = ("144p", "240p")
X264 = "libx264 -preset ultrafast -g 30"


def run(*connections: bytes) -> tuple[list[HlsPart], list[list[RenditionPart]]]:
    """The source's parts, and those of each rendition."""
    sequencer = Sequencer()
    source = Segmenter(part_ms=200, segment_ms=1000)
    worker = RenditionWorker(NAMES, part_ms=200, segment_ms=1000)
    parts: list[HlsPart] = []
    cuts: list[RenditionPart] = []
    for connection in connections:
        reader = FlvReader()
        sequencer.resume()
        for tag in flv_tags(connection):
            packets = reader.read(tag)
            for placed in sequencer.push(packets, reader.tracks, sequencer.latest // 90):
                parts += source.push(placed)
                cuts += worker.take(placed)
        for placed in sequencer.flush(sequencer.latest // 90):
            parts += source.push(placed)
            cuts += worker.take(placed)
        parts += source.flush()
        cuts += worker.flush()
    return parts, [[cut for cut in cuts if cut.rung == n] for n in range(len(NAMES))]


def shape(part: HlsPart) -> tuple[object, ...]:
    return (
        part.start,
        part.duration,
        part.is_independent,
        part.starts_segment,
        part.starts_discontinuity,
        part.at_ms,
    )


def film(cuts: list[RenditionPart]) -> bytes:
    """All media of one rendition, from its last init segment on."""
    begins = max(n for n, cut in enumerate(cuts) if cut.init)
    return b"".join([cuts[begins].init or b"", *(cut.content for cut in cuts[begins:])])


def packets(cuts: list[RenditionPart], kind: type[object]) -> list[Packet]:
    return [packet for cut in cuts for packet in cut.part.packets if type(packet.track) is kind]


@table(
    "options",
    [
        {"video": f"{X264} -bf 0"},
        {"video": f"{X264} -bf 2 -b_strategy 0"},
        {"video": f"{X264} -bf 2 -x264-params open-gop=0", "rate": "60"},
        {"video": f"{X264} -bf 0", "audio": ""},
        {"video": "libx265 -preset ultrafast -g 30 -x265-params open-gop=0:log-level=none"},
        {"video": "libvpx-vp9 -deadline realtime -cpu-used 8 -g 30", "audio": "libopus"},
        {"video": "libsvtav1 -preset 12 -g 30"},
    ],
    ids=["no B-frames", "B-frames", "60 a second", "no sound", "HEVC", "VP9, Opus", "AV1"],
)
def test_rendition_worker_cuts_each_rendition_where_its_source_is_cut(
    options: dict[str, str],
) -> None:
    parts, renditions = run(flv(seconds=3, **options))

    for name, cuts in zip(NAMES, renditions, strict=True):
        assert [shape(cut.part) for cut in cuts] == [shape(part) for part in parts]
        with av.open(BytesIO(film(cuts)), "r") as input_container:
            shown = list(input_container.decode(video=0))
            assert {frame.height for frame in shown} == {min(180, int(name[:-1]))}
        frames = [p for part in parts for p in part.packets if type(p.track) is VideoTrack]
        assert len(shown) == len(frames)
        own = packets(cuts, VideoTrack)
        assert [p.dts for p in own] == [p.dts for p in frames]
        assert sorted(p.pts for p in own) == sorted(p.pts for p in frames)
        assert [p.is_key for p in own] == [p.is_key for p in frames]


def test_rendition_worker_follows_a_publisher_that_returns_with_another_size() -> None:
    parts, renditions = run(
        flv(seconds=2), joined(flv(seconds=1, size="640x360"), flv(seconds=1, size="320x240"))
    )

    for cuts in renditions:
        assert [shape(cut.part) for cut in cuts] == [shape(part) for part in parts]
        assert sum(cut.init is not None for cut in cuts) == 3
    sizes = [
        (track.width, track.height)
        for cut in renditions[0]
        if cut.init
        for track in cut.part.tracks
        if isinstance(track, VideoTrack)
    ]
    assert sizes == [(256, 144), (256, 144), (192, 144)]


def broken(placed: Sequenced) -> Sequenced:
    noise = b"\0\0\0\x04\xff\xff\xff\xff"
    return replace(placed, packets=[replace(packet, data=noise) for packet in placed.packets])


def test_rendition_worker_broken_frame_costs_only_itself() -> None:
    # Given a source with noise in place of some pictures,
    timeline, reader = Timeline(), FlvReader()
    worker = RenditionWorker(NAMES[:1], part_ms=200, segment_ms=1000)
    cuts: list[RenditionPart] = []
    seen = 0
    for tag in flv_tags(flv(seconds=3)):
        for placed in timeline.push(reader.read(tag), reader.tracks, at_ms=0):
            seen += sum(type(packet.track) is VideoTrack for packet in placed.packets)
            is_broken = type(placed.packets[0].track) is VideoTrack and 40 < seen < 50
            cuts += worker.take(broken(placed) if is_broken else placed)
    cuts += worker.flush()

    # the rendition has all other pictures, and ends where the source ends.
    end = cuts[-1].part.start + cuts[-1].part.duration
    assert abs(end - 3 * 90_000) < 9_000
    assert len(packets(cuts, VideoTrack)) >= seen - 20


def test_rendition_worker_keeps_no_undecodable_source_in_memory() -> None:
    timeline, reader = Timeline(), FlvReader()
    worker = RenditionWorker(NAMES[:1], part_ms=200, segment_ms=1000)
    for tag in flv_tags(flv(seconds=4, rate="60", audio="")):
        for placed in timeline.push(reader.read(tag), reader.tracks, at_ms=0):
            assert worker.take(broken(placed)) == []
            assert worker.pending <= 45

    assert worker.flush() == []
    assert worker.pending == 0
