"""Track and Packet: the one unit between all stages of media.

Every source makes packets, and every other stage takes them. A track's `config` is the content of
its sample entry in MP4 (avcC, hvcC, av1C or vpcC record; AudioSpecificConfig; OpusHead), as it
came.
"""

from typing import Literal

from msgspec import Struct

from emulator.media.ticks import TICKS_PER_SECOND

VideoCodec = Literal["h264", "hevc", "av1", "vp9"]
AudioCodec = Literal["aac", "opus"]


# A picture is shown at most this long after its decoding, or before it: a decoder holds back 16
# pictures at the most (H.264, A.3.1; H.265, A.4.2), which last this long at 1.6 pictures a second.
# More is an error of the encoder. RTMP's field has room for 8,388 s, that of an MP4 for more.
COMPOSITION_MS_MAX = 10_000

# A pixel's width to its height, in lowest terms.
Aspect = tuple[int, int]
_PQ, _HLG = 16, 18


class Colour(Struct, frozen=True):
    """The colour space of a picture, by the codes of ITU-T H.273 (8.1, 8.2 and 8.3)."""

    primaries: int
    transfer: int
    matrix: int
    is_full_range: bool = False


class VideoTrack(Struct, frozen=True):
    """A video track. `codecs` is the RFC 6381 string, such as `avc1.64001f`.

    Sizes are in pixels, as decoded. `aspect` is the shape of a pixel; `colour` is None where the
    stream does not describe it.
    """

    codec: VideoCodec
    config: bytes
    codecs: str
    width: int
    height: int
    timescale: int = TICKS_PER_SECOND
    aspect: Aspect = (1, 1)
    colour: Colour | None = None

    @property
    def display_width(self) -> int:
        """The width at which the picture is shown at its `height`: in square pixels."""
        return max(1, round(self.width * self.aspect[0] / self.aspect[1]))

    @property
    def video_range(self) -> str:
        """VIDEO-RANGE of a playlist (RFC 8216bis, 4.4.6.2): `PQ` or `HLG`, else `SDR`."""
        transfer = self.colour.transfer if self.colour else 0
        return {_PQ: "PQ", _HLG: "HLG"}.get(transfer, "SDR")


class AudioTrack(Struct, frozen=True):
    """An audio track. `samples_per_frame` is None where frames vary (Opus)."""

    codec: AudioCodec
    config: bytes
    codecs: str
    sample_rate: int
    channels: int
    samples_per_frame: int | None

    @property
    def timescale(self) -> int:
        return self.sample_rate


Track = VideoTrack | AudioTrack


class Packet(Struct, frozen=True, gc=False):
    """One coded frame. Times are in the track's timescale; H.264 and HEVC are length-prefixed.

    `duration` is 0 where only the next packet can tell it.
    """

    track: Track
    dts: int
    pts: int
    duration: int
    is_key: bool
    data: bytes | memoryview

    @property
    def ticks(self) -> int:
        """The decoding time on the clock of all media."""
        return self.dts * TICKS_PER_SECOND // self.track.timescale
