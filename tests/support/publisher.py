"""The tags of the built-in publisher, and what a decoder sees and hears in its media."""

import io
from array import array
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, Protocol

import av
from av import AudioFrame, VideoFrame

from emulator.media.ingest.tag import Tag
from emulator.media.publisher.test_card.picture import CardPicture

_NUMBERS = {"audio": 8, "video": 9, "script": 18}
_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
# The beep is 20 times as loud as the tone under it.
_LOUD = 0.1


class Broadcast(Protocol):
    @property
    def due_ms(self) -> int | None: ...

    def step(self, elapsed_ms: int) -> list[Tag]: ...

    def close(self) -> list[Tag]: ...


def tags_until(broadcast: Broadcast, end_ms: int) -> list[Tag]:
    """All tags of a broadcast, with each step in time, until `end_ms` or the broadcast's end."""
    tags = []
    while (due_ms := broadcast.due_ms) is not None and due_ms < end_ms:
        tags += broadcast.step(due_ms)
    return tags + broadcast.close()


def flv_file(tags: Iterable[Tag]) -> bytes:
    """An FLV file with these tags (FLV 10.1, annex E)."""
    whole = bytearray(_HEADER)
    for tag in tags:
        stamp = (tag.timestamp_ms & 0xFFFFFF).to_bytes(3) + bytes([tag.timestamp_ms >> 24])
        head = bytes([_NUMBERS[tag.kind]]) + len(tag.payload).to_bytes(3) + stamp + bytes(3)
        whole += head + tag.payload + len(head + tag.payload).to_bytes(4)
    return bytes(whole)


class Seen(NamedTuple):
    """One decoded picture and its presentation time in seconds."""

    at: Fraction
    frame: VideoFrame


def pictures(media: bytes) -> list[Seen]:
    with av.open(io.BytesIO(media), "r") as container:
        return [
            Seen(frame.pts * frame.time_base, frame)
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def flashes(seen: list[Seen]) -> list[Fraction]:
    """The time of each flash's first picture, in seconds."""
    lit = [(picture.at, _is_lit(picture)) for picture in seen]
    return [
        at
        for before, (at, is_on) in zip([False, *(on for _, on in lit)], lit, strict=False)
        if is_on and not before
    ]


def beeps(media: bytes) -> list[Fraction]:
    """The time of each beep, in seconds: the first loud sample after half a second without one."""
    with av.open(io.BytesIO(media), "r") as container:
        loud = [
            frame.pts * frame.time_base + Fraction(index, frame.sample_rate)
            for frame in container.decode(audio=0)
            if frame.pts is not None and frame.time_base is not None
            for index, value in enumerate(_left(frame))
            if abs(value) > _LOUD
        ]
    return loud[:1] + [after for before, after in pairwise(loud) if after - before > Fraction(1, 2)]


def _left(frame: AudioFrame) -> "array[float]":
    samples = array("f", bytes(frame.planes[0]))
    return samples[: frame.samples]


def _is_lit(seen: Seen) -> bool:
    left, top, width, height = CardPicture(seen.frame.width, seen.frame.height, "").flash_box()
    plane = seen.frame.planes[0]
    return memoryview(plane)[(top + height // 2) * plane.line_size + left + width // 2] > 128
