"""Formats: what one codec's file offers, so that no stage needs to ask which codec it has."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from emulator.media.packets import AudioTrack, VideoTrack

Payload = bytes | memoryview
Sampler = Callable[[Payload], Payload]


class Adts(NamedTuple):
    """AAC frames without their ADTS headers, and the AudioSpecificConfig of these."""

    config: bytes
    frames: Sequence[Payload]


class VideoFormat(Struct, frozen=True):
    """`track(config)` reads the configuration record, or refuses it.

    A track whose record has no size (VP9, and AV1 from some encoders) is 0 x 0, and its first key
    frame completes it with `sized(track, frame)`. `has_cts`: coded frames come with a composition
    time on the wire. `sampler(track)` makes what turns a stream's frames, one after the other, into
    samples as MP4 wants them; it raises `ProtocolError` for a frame that cannot be one.
    `sample_entry(track)` is the box for an init segment. `self_contained(config, frame)` is a key
    frame with the record's parameter sets in it, where the codec keeps such apart from frames.
    """

    name: str
    track: Callable[[bytes], VideoTrack]
    sample_entry: Callable[[VideoTrack], bytes]
    has_cts: bool
    sized: Callable[[VideoTrack, Payload], VideoTrack] | None = None
    sampler: Callable[[VideoTrack], Sampler] | None = None
    self_contained: Callable[[bytes, Payload], Payload] | None = None


class AudioFormat(Struct, frozen=True):
    """`samples(frame)` counts a frame's samples, where a track's frames vary (Opus).

    `adts(content)` takes frames out of ADTS, where the codec may come in it; None for raw frames.
    `silence(track)` is a frame in which nothing is heard, and its samples.
    """

    name: str
    track: Callable[[bytes], AudioTrack]
    sample_entry: Callable[[AudioTrack], bytes]
    silence: Callable[[AudioTrack], tuple[bytes, int]]
    samples: Callable[[Payload], int] | None = None
    adts: Callable[[Payload], Adts | None] | None = None
