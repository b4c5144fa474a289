"""AV1: reads av1C (AV1 in ISOBMFF, 2.3) and the sequence header in it (AV1 spec, 5.5)."""

from msgspec.structs import replace

from emulator.core.errors import ProtocolError
from emulator.media.codecs.bits import Bits
from emulator.media.codecs.boxes import box, visual_entry
from emulator.media.codecs.formats import Payload, VideoFormat
from emulator.media.codecs.sizes import check_size
from emulator.media.packets import Colour, VideoTrack

_SEQUENCE_HEADER = 1
_TEMPORAL_DELIMITER = b"\x12\x00"
# The first bytes of a key frame, in which its sequence header is searched: it comes first.
_HEADER_SEARCH = 1024


def track(config: bytes) -> VideoTrack:
    """The track that an AV1CodecConfigurationRecord describes, or `ProtocolError`.

    Its size is 0 x 0 where the record has no sequence header, as from rav1e in ffmpeg.
    """
    if len(config) < 4 or config[0] != 0x81:
        raise ProtocolError("AV1 configuration record is broken")
    unit = _sequence_header(config[4:])
    width, height, colour = _picture(unit) if unit else (0, 0, None)
    profile, level = config[1] >> 5, config[1] & 0x1F
    tier = "H" if config[2] & 0x80 else "M"
    depth = (12 if config[2] & 0x20 else 10) if config[2] & 0x40 else 8
    codecs = f"av01.{profile}.{level:02}{tier}.{depth:02}"
    return VideoTrack("av1", bytes(config), codecs, width, height, colour=colour)


def sized(track: VideoTrack, frame: Payload) -> VideoTrack:
    """The track with this key frame's sequence header, which is also added to its record."""
    unit = _sequence_header(bytes(frame[:_HEADER_SEARCH]))
    if not unit:
        raise ProtocolError("AV1 key frame has no sequence header")
    width, height, colour = _picture(unit)
    config = track.config[:4] + unit
    return replace(track, config=config, width=width, height=height, colour=colour)


def sample(frame: Payload) -> Payload:
    """The frame without the temporal delimiter, which MP4 leaves out (AV1 in ISOBMFF, 2.4)."""
    return frame[2:] if frame[:2] == _TEMPORAL_DELIMITER else frame


def sample_entry(track: VideoTrack) -> bytes:
    return visual_entry(b"av01", track, box(b"av1C", track.config))


def _sequence_header(units: bytes) -> bytes:
    """The first sequence header OBU, whole (5.3.2: header, extension, size); empty for none."""
    position = 0
    while position < len(units):
        start, header = position, units[position]
        position += 2 if header & 0x04 else 1
        size = len(units) - position
        if header & 0x02:
            size, position = _leb128(units, position)
        position += size
        if header >> 3 & 0x0F == _SEQUENCE_HEADER:
            return units[start:position]
    return b""


def _leb128(octets: bytes, position: int) -> tuple[int, int]:
    """A little endian number of seven bits a byte (4.10.5), and where it ends."""
    number = 0
    for index, octet in enumerate(octets[position : position + 8]):
        number |= (octet & 0x7F) << (7 * index)
        if not octet & 0x80:
            return number, position + index + 1
    raise ProtocolError("AV1 unit is cut off")


def _picture(unit: bytes) -> tuple[int, int, Colour | None]:
    """The size and colours in a sequence header OBU (5.5.1: max_frame_width, max_frame_height)."""
    position = 2 if unit[0] & 0x04 else 1
    if unit[0] & 0x02:
        _, position = _leb128(unit, position)
    bits = Bits(unit[position:], "AV1 sequence header")
    profile = bits.read(3)
    bits.skip(1)
    is_reduced = bits.flag()
    if is_reduced:
        bits.skip(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(width_bits) + 1, bits.read(height_bits) + 1
    check_size("AV1", width, height)
    try:
        _skip_tools(bits, is_reduced=is_reduced)
        colour = _colour(bits, profile)
    except ProtocolError:  # The header is cut off after the size.
        colour = None
    return width, height, colour


def _skip_tools(bits: Bits, *, is_reduced: bool) -> None:
    """Skip the fields from frame_id_numbers_present_flag to enable_restoration."""
    if not is_reduced and bits.flag():
        bits.skip(7)
    bits.skip(3)
    if not is_reduced:
        bits.skip(4)
        has_order = bits.flag()
        bits.skip(2 * has_order)
        # Each frame chooses screen content tools, or they are on or off in all frames.
        are_tools_possible = True if bits.flag() else bits.flag()
        if are_tools_possible and not bits.flag():
            bits.skip(1)
        bits.skip(3 * has_order)
    bits.skip(3)


def _colour(bits: Bits, profile: int) -> Colour | None:
    """Read color_config (5.5.2); None where it does not describe the colours."""
    is_high = bits.flag()
    if profile == 2 and is_high:
        bits.skip(1)
    if profile != 1:
        bits.skip(1)
    if not bits.flag():
        return None
    primaries, transfer, matrix = bits.read(8), bits.read(8), bits.read(8)
    return Colour(primaries, transfer, matrix, bits.flag())


def _skip_operating_points(bits: Bits) -> None:
    """Skip timing, decoder model and operating points of a header that is not reduced (5.5.1)."""
    delay_bits = 0
    has_model = False
    if bits.flag():
        bits.skip(64)
        if bits.flag():
            bits.ue()
        has_model = bits.flag()
        if has_model:
            delay_bits = bits.read(5) + 1
            bits.skip(42)
    has_display_delay = bits.flag()
    for _ in range(bits.read(5) + 1):
        bits.skip(12)
        if bits.read(5) > 7:
            bits.skip(1)
        if has_model and bits.flag():
            bits.skip(2 * delay_bits + 1)
        if has_display_delay and bits.flag():
            bits.skip(4)


AV1 = VideoFormat("AV1", track, sample_entry, has_cts=False, sized=sized, sampler=lambda _: sample)
