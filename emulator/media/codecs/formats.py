"""Formats: the functions of each codec, so that no stage needs to ask which codec it has."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from emulator.media.packets import AudioTrack, VideoTrack

Payload = bytes | memoryview
Sampler = Callable[[Payload], Payload]


class Adts(NamedTuple):
    """AAC frames without their ADTS headers, and the AudioSpecificConfig from these headers."""

    config: bytes
    frames: Sequence[Payload]


class VideoFormat(Struct, frozen=True):
    """The functions of a video codec.

    `track(config)` reads the configuration record, or refuses it. A track whose record has no size
    (VP9, and AV1 from some encoders) is 0 x 0 until `sized(track, frame)` completes it with its
    first key frame. `has_cts`: coded frames come with a composition time on the wire.
    `sampler(track)` returns a function that turns a stream's frames, one after the other, into MP4
    samples; it raises `ProtocolError` for a frame that cannot be one.

    `sample_entry(track)` is the box for an init segment. `self_contained(config, frame)` is a key
    frame with the record's parameter sets in it, for codecs that keep parameter sets apart from
    frames.
    """

    name: str
    track: Callable[[bytes], VideoTrack]
    sample_entry: Callable[[VideoTrack], bytes]
    has_cts: bool
    sized: Callable[[VideoTrack, Payload], VideoTrack] | None = None
    sampler: Callable[[VideoTrack], Sampler] | None = None
    self_contained: Callable[[bytes, Payload], Payload] | None = None


class AudioFormat(Struct, frozen=True):
    """The functions of an audio codec.

    `samples(frame)` counts a frame's samples, for codecs whose frames vary in length (Opus).
    `adts(content)` takes frames out of ADTS, for the codec that may come in it; it returns None for
    raw frames. `silence(track)` is a silent frame and its number of samples.
    """

    name: str
    track: Callable[[bytes], AudioTrack]
    sample_entry: Callable[[AudioTrack], bytes]
    silence: Callable[[AudioTrack], tuple[bytes, int]]
    samples: Callable[[Payload], int] | None = None
    adts: Callable[[Payload], Adts | None] | None = None
