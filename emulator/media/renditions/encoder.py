"""Encoder: encodes pictures as H.264, for a rendition or for a source that HLS cannot carry.

For a thread; imports PyAV on use.
"""

import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from emulator.media.packets import Aspect, Colour, Packet, VideoTrack
from emulator.media.renditions.sizes import fitting
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.webrtc.rtp import h264

if TYPE_CHECKING:
    from av import VideoFrame

_CLOCK = Fraction(1, TICKS_PER_SECOND)
# The number of slices, one thread each, of a picture; half of the machine is left to others.
_THREADS_MAX = 4


class Encoder:
    """An H.264 encoder that makes key frames only on request, and holds no frames back."""

    def __init__(self, height_max: int, bits_per_second: int, frame_rate: float) -> None:
        self._height_max = height_max
        self._bits = bits_per_second
        self._rate = frame_rate
        self._frames = h264.Frames()
        self._context: Any = None
        self._form: tuple[int, int, Aspect, Colour | None] | None = None

    def encode(
        self, frame: "VideoFrame", dts: int, pts: int, *, source: VideoTrack, is_key: bool
    ) -> Packet | None:
        """Encode a frame in this size, with square pixels, at the times of its source.

        Raises `FFmpegError` where it cannot.
        """
        from av.video.frame import PictureType
        from av.video.reformatter import Interpolation

        form = (frame.width, frame.height, source.aspect, source.colour)
        if self._form != form:
            self._open(frame, source)
            self._form = form
            is_key = True
        context = self._context
        small = frame.reformat(
            width=context.width,
            height=context.height,
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
        )
        small.pts, small.time_base = pts, _CLOCK
        small.pict_type = PictureType.I if is_key else PictureType.NONE
        for packet in context.encode(small):
            coded = self._frames.frame(h264.split(bytes(packet)))
            if coded is not None:
                return Packet(coded.track, dts, pts, 0, coded.is_key, coded.data)
        return None

    def _open(self, frame: "VideoFrame", source: VideoTrack) -> None:
        from av import CodecContext

        from emulator.media.publisher.encoders import h264_encoder

        context: Any = CodecContext.create(h264_encoder(), "w")
        shown_width = round(frame.width * source.aspect[0] / source.aspect[1])
        context.width, context.height = fitting(shown_width, frame.height, self._height_max)
        if source.colour is not None:
            context.color_primaries = source.colour.primaries
            context.color_trc = source.colour.transfer
            context.colorspace = source.colour.matrix
        context.pix_fmt = "yuv420p"
        context.time_base = _CLOCK
        context.framerate = Fraction(self._rate).limit_denominator(1001)
        context.bit_rate = self._bits
        context.max_b_frames = 0
        context.gop_size = 1_000_000
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "sc_threshold": "0",
            "threads": str(max(1, min(_THREADS_MAX, (os.cpu_count() or 1) // 2))),
            "maxrate": str(self._bits * 5 // 4),
            "bufsize": str(self._bits),
        }
        context.open()
        self._context = context
