"""Packets that are written as tags are read back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.media.ingest.flv import FlvReader
from emulator.media.packets import Packet, Track
from emulator.media.simulcast.tags import TagWriter
from tests.support.broadcast import flv, flv_tags
from tests.support.tables import table

SECONDS = 1


def packets(**options: str) -> tuple[list[Packet], tuple[Track, ...]]:
    reader = FlvReader()
    tags = flv_tags(flv(seconds=SECONDS, **options))
    return [packet for tag in tags for packet in reader.read(tag)], reader.tracks


def again(packets: list[Packet], tracks: tuple[Track, ...]) -> tuple[list[Packet], FlvReader]:
    reader, writer = FlvReader(), TagWriter()
    written = (tag for packet in packets for tag in writer.write(packet, tracks))
    return [packet for tag in written for packet in reader.read(tag)], reader


@table(
    "options",
    [
        {"video": "libx264 -preset ultrafast -g 30 -bf 2 -b_strategy 0"},
        {"video": "libx265 -preset ultrafast -x265-params log-level=none", "audio": "libopus"},
        {"video": "libvpx-vp9 -deadline realtime -cpu-used 8"},
        {"video": "libsvtav1 -preset 12"},
    ],
    ids=["H.264 with B-frames, AAC", "HEVC, Opus", "VP9", "AV1"],
)
def test_simulcast_tags_every_codec_comes_out_as_it_went_in(options: dict[str, str]) -> None:
    sent, tracks = packets(**options)
    base = sent[0].dts * 1000 // sent[0].track.timescale

    received, reader = again(sent, tracks)

    assert len(received) == len(sent) > SECONDS * 30
    for one, two in zip(sent, received, strict=True):
        assert type(one.track) is type(two.track)
        assert one.track.config == two.track.config
        assert (one.is_key, bytes(one.data)) == (two.is_key, bytes(two.data))
        assert _ms(two.dts, two) == pytest.approx(_ms(one.dts, one) - base, abs=1)
        assert _ms(two.pts - two.dts, two) == pytest.approx(_ms(one.pts - one.dts, one), abs=1)
    assert reader.metadata["width"] == 320


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**40), st.integers(0, 900_000), st.booleans(), st.binary(min_size=3)
        ),
        min_size=1,
    )
)
def test_simulcast_tags_any_times_and_bytes_make_readable_tags(
    samples: list[tuple[int, int, bool, bytes]],
) -> None:
    [track] = packets(audio="")[1]
    sent = [
        Packet(track, dts, dts + cts, 0, is_key, len(unit).to_bytes(4, "big") + unit)
        for dts, cts, is_key, data in samples
        # A unit's header comes first, and no start code is in a unit (H.264, 7.4.1).
        for unit in (b"\x41" + data.replace(b"\0\0\1", b"\0\0\2"),)
    ]

    received, _ = again(sent, (track,))

    assert [bytes(p.data) for p in received] == [p.data for p in sent]


def _ms(ticks: int, packet: Packet) -> float:
    return ticks * 1000 / packet.track.timescale


def test_simulcast_tags_begin_with_headers_and_repeat_changed_ones() -> None:
    sent, tracks = packets()
    writer = TagWriter()
    pictures = [packet for packet in sent if packet.track is tracks[0]]

    first = writer.write(pictures[0], tracks)
    assert [tag.kind for tag in first] == ["script", "video", "audio", "video"]
    assert [tag.kind for tag in writer.write(pictures[1], tracks)] == ["video"]

    changed = replace(tracks[0])
    later = writer.write(replace(pictures[2], track=changed), (changed, *tracks[1:]))
    assert [tag.kind for tag in later] == ["script", "video", "video"]


def test_simulcast_tags_audio_before_the_first_key_frame_is_left_out() -> None:
    # Given audio that comes some 40 ms after its picture,
    sent, tracks = packets()
    pictures = [packet for packet in sent if packet.track is tracks[0]]
    sounds = [packet for packet in sent if packet.track is tracks[1]]
    start = next(packet for packet in pictures[1:] if packet.dts >= 500 * 90)
    late = [packet for packet in sounds if _ms(packet.dts, packet) >= _ms(start.dts, start) - 40]

    # when a push begins at a later picture,
    received, _ = again([replace(start, is_key=True), *late], tracks)

    # then the remaining audio keeps its place.
    heard = [_ms(packet.dts, packet) for packet in received[1:]]
    wanted = [_ms(packet.dts, packet) - _ms(start.dts, start) for packet in late]
    assert wanted[0] < 0
    assert heard == pytest.approx([ms for ms in wanted if ms >= 0], abs=1)
