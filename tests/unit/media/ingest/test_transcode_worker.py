"""TranscodeWorker: real codecs in, AAC and H.264 out, with all times unchanged."""

import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from emulator.media.codecs import aac
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.transcoding.source_reader import SourcePacket, SourceReader, SourceTrack
from emulator.media.ingest.transcoding.worker import TranscodeWorker
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from tests.support.tables import table

RATE = 48_000
BEGINS_MS, BEEP_MS, LENGTH_MS = 5_000, 500, 1_000


def beep(form: str) -> Iterator[av.AudioFrame]:
    """A second of mono, silent except for a tone that begins after half of it."""
    wave = array(
        "f",
        (
            0.8 * math.sin(2 * math.pi * 880 * n / RATE) if n * 1000 >= BEEP_MS * RATE else 0.0
            for n in range(RATE * LENGTH_MS // 1000)
        ),
    )
    resampler = av.AudioResampler(format=form, layout="mono", rate=RATE)
    for start in range(0, len(wave), 1024):
        samples = wave[start : start + 1024]
        frame = av.AudioFrame(format="flt", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield from resampler.resample(frame)


def tags(encoder: str, fourcc: bytes, form: str) -> Iterator[Tag]:
    """Enhanced RTMP v2: a header for codecs that have one (FLAC), then coded frames."""
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = RATE, "mono", form
    context.time_base = Fraction(1, RATE)
    context.open()
    fifo = av.AudioFifo()
    for frame in beep(form):
        fifo.write(frame)
    coded = []
    while (whole := fifo.read(context.frame_size or 1024, partial=True)) is not None:
        coded += context.encode(whole)
    coded += context.encode(None)
    if fourcc == b"fLaC":
        yield Tag(
            "audio",
            BEGINS_MS,
            b"\x90fLaC" + b"fLaC\x80\x00\x00\x22" + (context.extradata or b"")[:34],
        )
    for packet in coded:
        at_ms = BEGINS_MS + (packet.pts or 0) * 1000 // RATE
        yield Tag("audio", at_ms, b"\x91" + fourcc + bytes(packet))


def onset_ms(packets: list[Packet]) -> float:
    """The time of the first loud AAC sample."""
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.extradata = packets[0].track.config
    for packet in packets:
        for frame in decoder.decode(av.Packet(bytes(packet.data))):
            for number, sample in enumerate(array("f", bytes(frame.planes[0]))[: frame.samples]):
                if abs(sample) > 0.2:
                    return 1000 * (packet.pts + number) / RATE
    raise AssertionError("nothing is heard")


@table(
    ("encoder", "fourcc", "form"),
    [
        ("ac3", b"ac-3", "fltp"),
        ("eac3", b"ec-3", "fltp"),
        ("flac", b"fLaC", "s16"),
        ("libmp3lame", b".mp3", "fltp"),
    ],
)
def test_transcode_worker_enhanced_rtmp_audio_keeps_its_times(
    encoder: str, fourcc: bytes, form: str
) -> None:
    if encoder not in av.codec.codecs_available:
        pytest.skip(f"this PyAV has no {encoder}")
    reader, worker = SourceReader(), TranscodeWorker(30)
    packets: list[Packet] = []
    for tag in tags(encoder, fourcc, form):
        for source in reader.read(tag) or []:
            packets += worker.take(source)
    packets += worker.end()
    track = packets[0].track
    assert isinstance(track, AudioTrack)
    assert (track.codecs, track.sample_rate, track.channels) == ("mp4a.40.2", RATE, 2)
    assert onset_ms(packets) == pytest.approx(BEGINS_MS + BEEP_MS, abs=30)
    steps = {after.pts - before.pts for before, after in pairwise(packets)}
    assert steps == {1024}


def test_transcode_worker_audio_that_changes_format_stays_in_one_track() -> None:
    # Given G.711 at 8 kHz that becomes PCM in stereo at 44.1 kHz,
    worker = TranscodeWorker(30)
    first = SourceTrack("sound", "G.711 mu-law", "pcm_mulaw", sample_rate=8_000, channels=1)
    second = SourceTrack("sound", "PCM", "pcm_s16le", sample_rate=44_100, channels=2)
    packets: list[Packet] = []
    for number in range(10):
        at = number * 1_800
        packets += worker.take(SourcePacket(first, at, at, True, bytes(160)))
    for number in range(10, 20):
        at = number * 1_800
        packets += worker.take(SourcePacket(second, at, at, True, bytes(882 * 4)))
    packets += worker.end()

    # then players see one track, all of it.
    assert {packet.track for packet in packets} == {aac.track(aac.config(RATE, 2))}
    assert packets[-1].pts + 1024 >= 20 * 960


def test_transcode_worker_video_that_changes_size_gets_a_track_each() -> None:
    worker = TranscodeWorker(30)
    packets: list[Packet] = []
    for number, (width, height) in enumerate(((320, 240), (161, 121))):
        context = av.CodecContext.create("flv", "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, 30)
        frame = av.VideoFrame(width, height, "yuv420p")
        frame.pts = 0
        (coded, *_) = [*context.encode(frame), *context.encode(None)]
        at = number * 3_000
        track = SourceTrack("picture", "Sorenson H.263", "flv")
        packets += worker.take(SourcePacket(track, at, at, True, bytes(coded)))
    tracks = [packet.track for packet in packets]
    sizes = [(one.width, one.height) for one in tracks if isinstance(one, VideoTrack)]
    # H.264 in 4:2:0 has even sides.
    assert sizes == [(320, 240), (160, 120)]
    assert all(packet.is_key for packet in packets)


def test_transcode_worker_undecodable_media_is_left_out() -> None:
    worker = TranscodeWorker(30)
    track = SourceTrack("sound", "AC-3", "ac3")
    assert worker.take(SourcePacket(track, 0, 0, True, b"no sound")) == []
