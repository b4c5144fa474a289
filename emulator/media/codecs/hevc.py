"""HEVC: reads hvcC (ISO/IEC 14496-15, 8.3.3.1) and the size in its SPS (H.265, 7.3.2.2)."""

from collections.abc import Iterator

from emulator.core.errors import ProtocolError
from emulator.media.codecs.bits import Bits, without_emulation_prevention
from emulator.media.codecs.boxes import box, visual_entry
from emulator.media.codecs.formats import Payload, VideoFormat
from emulator.media.codecs.nal import LengthPrefixer, counted, has_start_code, put_first, split
from emulator.media.codecs.sizes import check_size
from emulator.media.packets import VideoTrack

_VPS, _SPS, _PPS = 32, 33, 34
# First bytes of NAL units (7.3.1.2): an access unit delimiter; a VPS, an SPS.
_DELIMITERS, _SETS = (0x46,), (0x40, 0x42)


def track(config: bytes) -> VideoTrack:
    """The track that an HEVCDecoderConfigurationRecord describes, or `ProtocolError`.

    Start codes before the parameter sets are left out of the track's `config`.
    """
    config = _in_order(config)
    if len(config) < 23:
        raise ProtocolError("HEVC configuration record is cut off")
    sps = next((nal for kind, nal in _units(config) if kind == _SPS), None)
    if sps is None:
        raise ProtocolError("HEVC configuration record has no SPS")
    width, height = _size(sps)
    return VideoTrack("hevc", bytes(config), _codecs(config), width, height)


def sample_entry(track: VideoTrack) -> bytes:
    return visual_entry(b"hvc1", track.width, track.height, box(b"hvcC", track.config))


def self_contained(config: bytes, frame: Payload) -> Payload:
    """The key frame with the record's VPS, SPS and PPS."""
    units = [unit for kind, unit in _units(config) if kind in (_VPS, _SPS, _PPS)]
    length_size = (config[21] & 3) + 1
    return put_first(frame, units, length_size=length_size, delimiters=_DELIMITERS, present=_SETS)


def _in_order(config: bytes) -> bytes:
    """The record without start codes, its arrays made anew where there are any."""
    if has_start_code(config):
        raise ProtocolError(
            "HEVC header is a byte stream (annex B) and no configuration record (hvcC)"
        )
    if len(config) < 23 or not any(has_start_code(unit) for _, unit in _units(config)):
        return config
    arrays = [(kind, unit) for kind, units in _units(config) for unit in split(units)]
    made = [bytes([0x80 | kind, 0, 1]) + len(unit).to_bytes(2) + unit for kind, unit in arrays]
    return config[:22] + bytes([len(made)]) + b"".join(made)


def _codecs(config: bytes) -> str:
    """ISO/IEC 14496-15, E.3: profile, compatibility (bits reversed), tier and level, constraints.

    Trailing zero bytes of the constraints are left out.
    """
    space = ("", "A", "B", "C")[config[1] >> 6]
    tier = "H" if config[1] & 0x20 else "L"
    compatibility = int(f"{int.from_bytes(config[2:6], 'big'):032b}"[::-1], 2)
    constraints = config[6:12].rstrip(b"\x00")
    words = [f"hvc1.{space}{config[1] & 0x1F}", f"{compatibility:X}", f"{tier}{config[12]}"]
    return ".".join(words + [f"{octet:X}" for octet in constraints])


def _units(config: bytes) -> Iterator[tuple[int, bytes]]:
    """Each NAL unit of the record's arrays, with its type."""
    position = 23
    for _ in range(config[22]):
        kind = config[position] & 0x3F if position < len(config) else 0
        count = int.from_bytes(config[position + 1 : position + 3], "big")
        units, position = counted(config, position + 3, count)
        for unit in units:
            yield kind, unit


def _size(sps: bytes) -> tuple[int, int]:
    bits = Bits(without_emulation_prevention(sps[2:]), "HEVC SPS")
    bits.skip(4)
    sub_layers = bits.read(3)
    bits.skip(1)
    _skip_profile_tier_level(bits, sub_layers)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.skip(1)
    width, height = bits.ue(), bits.ue()
    if bits.flag():
        # The conformance window is counted in chroma samples (7.4.3.2.1).
        width -= (2 if chroma in (1, 2) else 1) * (bits.ue() + bits.ue())
        height -= (2 if chroma == 1 else 1) * (bits.ue() + bits.ue())
    return check_size("HEVC", width, height)


def _skip_profile_tier_level(bits: Bits, sub_layers: int) -> None:
    """7.3.3: 96 bits, then two flags a sub-layer (padded to eight), then what they announce."""
    bits.skip(96)
    announced = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in announced:
        bits.skip(88 * has_profile + 8 * has_level)


def sampler(track: VideoTrack) -> LengthPrefixer:
    return LengthPrefixer((track.config[21] & 3) + 1, "HEVC")


HEVC = VideoFormat(
    "HEVC", track, sample_entry, has_cts=True, sampler=sampler, self_contained=self_contained
)
