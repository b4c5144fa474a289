"""H.264: reads avcC (ISO/IEC 14496-15, 5.3.3.1) and the size in its SPS (H.264, 7.3.2.1)."""

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import vui
from emulator.media.codecs.bits import Bits, without_emulation_prevention
from emulator.media.codecs.boxes import box, visual_entry
from emulator.media.codecs.formats import Payload, VideoFormat
from emulator.media.codecs.nal import LengthPrefixer, counted, has_start_code, put_first, split
from emulator.media.codecs.sizes import check_size
from emulator.media.packets import Aspect, Colour, VideoTrack

# Profiles whose SPS carries the chroma format and scaling lists (7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
# First bytes of NAL units (7.3.1): an access unit delimiter; an SPS by its three reference grades.
_DELIMITERS, _SPS = (0x09,), (0x27, 0x47, 0x67)
_SPS_TYPE, _PPS_TYPE = 7, 8


def track(config: bytes) -> VideoTrack:
    """The track that an AVCDecoderConfigurationRecord describes.

    Refuses a record of another version or without an SPS, and pictures that are not 4:2:0 with 8
    bits, because browsers do not show them. Start codes, before the parameter sets or in place of a
    record, are removed from the track's `config`.
    """
    config = _in_order(config)
    if len(config) < 7 or config[0] != 1:
        raise ProtocolError("H.264 configuration record is broken")
    count = config[5] & 0x1F
    size = int.from_bytes(config[6:8], "big")
    sps = config[8 : 8 + size]
    if not count or size < 4 or len(sps) < size:
        raise ProtocolError("H.264 configuration record has no SPS")
    width, height, aspect, colour = _picture(sps)
    codecs = f"avc1.{config[1]:02x}{config[2]:02x}{config[3]:02x}"
    return VideoTrack("h264", bytes(config), codecs, width, height, aspect=aspect, colour=colour)


def record(sps: bytes, pps: bytes) -> bytes:
    """The AVCDecoderConfigurationRecord of a stream that carries its parameter sets in band.

    Its frames have lengths of four bytes. The trailing fields of the high profiles are left out, as
    most writers do.
    """
    if len(sps) < 4 or len(sps) >> 16 or len(pps) >> 16:
        raise ProtocolError("H.264 parameter sets are broken")
    head = bytes([1, *sps[1:4], 0xFF, 0xE1])
    return head + _counted(sps) + b"\x01" + _counted(pps)


def _in_order(config: bytes) -> bytes:
    """The record without start codes; it is rebuilt where there are any."""
    if has_start_code(config):
        units = split(config)
    elif len(config) >= 7 and has_start_code(config[8:]):
        units = [unit for units in _parameter_sets(config) for unit in split(units)]
    else:
        return config
    sps = next((unit for unit in units if unit[0] & 0x1F == _SPS_TYPE), b"")
    pps = next((unit for unit in units if unit[0] & 0x1F == _PPS_TYPE), b"")
    return record(sps, pps)


def _parameter_sets(config: bytes) -> list[bytes]:
    """The record's SPS, then its PPS. Raises `ProtocolError` where it is cut off."""
    sequence_sets, end = counted(config, 6, config[5] & 0x1F)
    if end == len(config):
        raise ProtocolError("a configuration record is cut off behind its SPS")
    picture_sets, _ = counted(config, end + 1, config[end])
    return [*sequence_sets, *picture_sets]


def _counted(unit: bytes) -> bytes:
    return len(unit).to_bytes(2, "big") + unit


def sample_entry(track: VideoTrack) -> bytes:
    return visual_entry(b"avc1", track, box(b"avcC", track.config))


def self_contained(config: bytes, frame: Payload) -> Payload:
    """The key frame with the record's SPS and PPS."""
    length_size = (config[4] & 3) + 1
    units = _parameter_sets(config)
    return put_first(frame, units, length_size=length_size, delimiters=_DELIMITERS, present=_SPS)


def _picture(sps: bytes) -> tuple[int, int, Aspect, Colour | None]:
    """The width and height, the pixel aspect ratio, and the colours where they are described."""
    bits = Bits(without_emulation_prevention(sps[1:]), "H.264 SPS")
    profile = bits.read(8)
    bits.skip(16)
    bits.ue()
    if profile in _HIGH_PROFILES:
        _check_chroma_format(bits)
    bits.ue()
    _skip_picture_order(bits)
    bits.ue()
    bits.skip(1)
    width = 16 * (bits.ue() + 1)
    height = 16 * (bits.ue() + 1)
    is_progressive = bits.flag()
    if not is_progressive:
        height *= 2
        bits.skip(1)
    bits.skip(1)
    if bits.flag():
        # Cropping is counted in samples of 4:2:0's chroma, and in pairs of them for coded fields.
        width -= 2 * (bits.ue() + bits.ue())
        height -= (2 if is_progressive else 4) * (bits.ue() + bits.ue())
    check_size("H.264", width, height)
    try:
        aspect, colour = vui.read(bits) if bits.flag() else (vui.SQUARE, None)
    except ProtocolError:  # The VUI is cut off, which decoders tolerate.
        aspect, colour = vui.SQUARE, None
    return width, height, aspect, colour


def _check_chroma_format(bits: Bits) -> None:
    """Refuse all formats but 4:2:0 with 8 bits (depths are coded minus 8). Skips scaling lists."""
    if bits.ue() != 1 or bits.ue() or bits.ue():
        raise Refused(
            "unsupported",
            "H.264 must be 4:2:0 with 8 bits, as browsers play it.",
            topic="pixel_format",
            is_transcodable=True,
        )
    bits.skip(1)
    if bits.flag():
        for index in range(8):
            if bits.flag():
                _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: Bits, size: int) -> None:
    """Skip a scaling list (7.3.2.1.1.1): a delta of -`last` ends the list early."""
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.skip(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()


def sampler(track: VideoTrack) -> LengthPrefixer:
    return LengthPrefixer((track.config[4] & 3) + 1, "H.264")


H264 = VideoFormat(
    "H.264", track, sample_entry, has_cts=True, sampler=sampler, self_contained=self_contained
)
