"""The content of a media file, read by PyAV: the time stamps of packets, and decoded frames."""

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

import av
from av.container import InputContainer

T = TypeVar("T")


class Stamp(NamedTuple):
    """The time stamps of one packet, exact, in seconds."""

    dts: Fraction
    pts: Fraction
    is_key: bool


def stamps(file: Path | bytes, kind: str) -> list[Stamp]:
    """The time stamps of the packets of the first `video` or `audio` stream, in file order."""

    def read(container: InputContainer) -> list[Stamp]:
        stream = container.streams.get({kind: 0})[0]
        return [
            Stamp(packet.dts * packet.time_base, packet.pts * packet.time_base, packet.is_keyframe)
            for packet in container.demux(stream)
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None
        ]

    return _open(file, read)


def sizes(file: Path | bytes) -> list[tuple[int, int]]:
    """Width and height of every decoded picture; raises if one cannot be decoded."""

    def read(container: InputContainer) -> list[tuple[int, int]]:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]

    return _open(file, read)


def picture(image: bytes) -> av.VideoFrame:
    """The first (or only) picture of an image file."""
    with av.open(io.BytesIO(image), "r") as container:
        return next(container.decode(video=0))


def pictures(image: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(image), "r") as container:
        return list(container.decode(video=0))


def _open(file: Path | bytes, read: Callable[[InputContainer], T]) -> T:
    with av.open(io.BytesIO(file) if isinstance(file, bytes) else str(file), "r") as container:
        return read(container)
