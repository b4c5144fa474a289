"""VP9: reads vpcC (VP Codec ISO Media File Format Binding) and a key frame's size (VP9, 6.2).

The record has no size, so a track is complete only with its first key frame.
"""

from msgspec.structs import replace

from emulator.core.errors import ProtocolError
from emulator.media.codecs import vui
from emulator.media.codecs.bits import Bits
from emulator.media.codecs.boxes import box, visual_entry
from emulator.media.codecs.formats import Payload, VideoFormat
from emulator.media.codecs.sizes import check_size
from emulator.media.packets import Colour, VideoTrack

_SYNC_CODE = 0x498342
_SRGB = 7
_UNSPECIFIED = 2


def track(config: bytes) -> VideoTrack:
    """The track that a VPCodecConfigurationBox describes, of 0 x 0 pixels so far.

    In Enhanced RTMP the box's version and flags come first (ffmpeg sends them); a record without
    them is accepted too. The track's `config` always has them.
    """
    if config[:4] != b"\x01\x00\x00\x00":
        config = b"\x01\x00\x00\x00" + config
    if len(config) < 12:
        raise ProtocolError("VP9 configuration record is cut off")
    codecs = f"vp09.{config[4]:02}.{config[5]:02}.{config[6] >> 4:02}"
    return VideoTrack("vp9", bytes(config), codecs, 0, 0, colour=_colour(config))


def _colour(config: bytes) -> Colour | None:
    """The record's colour codes of H.273; None where all of them are 2 (unspecified)."""
    primaries, transfer, matrix = config[7:10]
    if primaries == transfer == matrix == _UNSPECIFIED:
        return None
    return Colour(primaries, transfer, matrix, bool(config[6] & 1))


def sized(track: VideoTrack, frame: Payload) -> VideoTrack:
    """The track with the size of this key frame. Raises `ProtocolError` for another frame."""
    bits = Bits(frame[:24], "VP9 key frame")
    if bits.read(2) != 2:
        raise ProtocolError("VP9 frame is broken")
    profile = bits.read(1) | bits.read(1) << 1
    bits.skip(1 if profile == 3 else 0)
    if bits.read(2):  # show_existing_frame or an inter frame
        raise ProtocolError("VP9 frame says that it is not a key frame")
    bits.skip(2)
    if bits.read(24) != _SYNC_CODE:
        raise ProtocolError("VP9 key frame is broken")
    _skip_colour(bits, profile)
    width, height = check_size("VP9", bits.read(16) + 1, bits.read(16) + 1)
    aspect = vui.SQUARE
    if bits.flag():  # render_size (6.2.4): the size at which to show the picture.
        shown_width, shown_height = bits.read(16) + 1, bits.read(16) + 1
        aspect = vui.aspect_of(shown_width * height, shown_height * width)
    return replace(track, width=width, height=height, aspect=aspect)


def sample_entry(track: VideoTrack) -> bytes:
    return visual_entry(b"vp09", track, box(b"vpcC", track.config))


def _skip_colour(bits: Bits, profile: int) -> None:
    """Skip color_config (6.2.2)."""
    if profile >= 2:
        bits.skip(1)
    if bits.read(3) != _SRGB:
        bits.skip(1)
        if profile in (1, 3):
            bits.skip(3)
    elif profile in (1, 3):
        bits.skip(1)


VP9 = VideoFormat("VP9", track, sample_entry, has_cts=False, sized=sized)
