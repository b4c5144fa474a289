"""Encoders: the H.264 and AAC encoders of a live broadcast, as streams of an FLV muxer."""

import logging
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from emulator.core.errors import Refused
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.test_card.sound import SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioStream, VideoCodecContext, VideoStream
    from av.container import OutputContainer

log = logging.getLogger(__name__)

# PyAV's wheels have the first one; other builds of PyAV may have the others.
_H264_ENCODERS: Final = ("libx264", "libopenh264", "h264_videotoolbox")
_COLOURS: Final = "colorprim=bt709:transfer=bt709:colormatrix=bt709"
# Above this many pixels a second one thread may be too slow; below it more threads only cost.
_ONE_THREAD_PIXELS: Final = 1920 * 1080 * 60


def h264_encoder() -> str:
    """The name of the best available H.264 encoder. Refuses a PyAV without one."""
    from av.codec import codecs_available

    for name in _H264_ENCODERS:
        if name in codecs_available:
            if name != _H264_ENCODERS[0]:
                log.warning("PyAV has no libx264; latency may differ encoder=%s", name)
            return name
    raise Refused("unavailable", "This PyAV has no H.264 encoder. Install it from PyPI: av.")


def add_video(
    container: "OutputContainer",
    settings: PublishConfig,
    size: tuple[int, int],
    rate: Fraction,
    time_base: Fraction,
) -> "VideoStream":
    """Add an H.264 stream for a film, which the container opens. `size` is in pixels and even."""
    stream = cast("VideoStream", container.add_stream(h264_encoder(), rate=rate))
    _set_up(stream.codec_context, size, rate, time_base, settings.video_kbits)
    return stream


def add_test_picture(container: "OutputContainer", settings: PublishConfig) -> "VideoStream":
    """Add an H.264 stream for a test picture, at a constant bit rate. Times are in frames."""
    stream = cast("VideoStream", container.add_stream(h264_encoder(), rate=settings.fps))
    _set_up_constant(stream.codec_context, settings, settings.video_kbits)
    return stream


def open_test_picture(settings: PublishConfig, video_kbits: int) -> "VideoCodecContext":
    """Open an encoder with another bit rate, whose packets fit a test picture's stream."""
    from av import CodecContext
    from av.codec.context import Flags

    context = cast("VideoCodecContext", CodecContext.create(h264_encoder(), "w"))
    context.framerate = settings.fps
    context.flags |= Flags.global_header
    _set_up_constant(context, settings, video_kbits)
    context.open()
    return context


def add_audio(container: "OutputContainer", settings: PublishConfig) -> "AudioStream":
    """Add an AAC stream, stereo at 48 kHz, which the container opens."""
    stream = container.add_stream("aac", rate=SAMPLE_RATE)
    stream.codec_context.layout = "stereo"
    stream.codec_context.bit_rate = settings.audio_kbits * 1000
    return stream


def _set_up_constant(
    context: "VideoCodecContext", settings: PublishConfig, video_kbits: int
) -> None:
    size = (settings.width, settings.height)
    _set_up(context, size, settings.fps, 1 / settings.fps, video_kbits)
    if context.codec.name == _H264_ENCODERS[0]:
        filler = int(settings.is_filled)
        context.options = context.options | {"x264-params": f"filler={filler}:{_COLOURS}"}


def _set_up(
    context: "VideoCodecContext",
    size: tuple[int, int],
    rate: Fraction,
    time_base: Fraction,
    video_kbits: int,
) -> None:
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = time_base
    context.bit_rate = video_kbits * 1000
    # Key frames are requested one by one, so that their interval may change later.
    context.gop_size = 1_000_000
    if context.codec.name == _H264_ENCODERS[0]:
        is_light = size[0] * size[1] * rate <= _ONE_THREAD_PIXELS
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "threads": "1" if is_light else "0",
            "maxrate": str(video_kbits * 1000),
            "bufsize": str(video_kbits * 1000),
        }
