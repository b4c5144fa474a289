"""HEVC: reads hvcC (ISO/IEC 14496-15, 8.3.3.1) and the size in its SPS (H.265, 7.3.2.2)."""

from collections.abc import Iterator

from emulator.core.errors import ProtocolError
from emulator.media.codecs import vui
from emulator.media.codecs.bits import Bits, without_emulation_prevention
from emulator.media.codecs.boxes import box, visual_entry
from emulator.media.codecs.formats import Payload, VideoFormat
from emulator.media.codecs.nal import LengthPrefixer, counted, has_start_code, put_first, split
from emulator.media.codecs.sizes import check_size
from emulator.media.packets import Aspect, Colour, VideoTrack

_VPS, _SPS, _PPS = 32, 33, 34
# The largest numbers of reference pictures and of sets of them (7.4.3.2.1, A.4.2).
_SHORT_TERM_MAX, _LONG_TERM_MAX, _REFERENCES_MAX = 64, 32, 16
# First bytes of NAL units (7.3.1.2): an access unit delimiter; a VPS, an SPS.
_DELIMITERS, _SETS = (0x46,), (0x40, 0x42)


def track(config: bytes) -> VideoTrack:
    """The track that an HEVCDecoderConfigurationRecord describes, or `ProtocolError`.

    Start codes before the parameter sets are removed from the track's `config`.
    """
    config = _in_order(config)
    if len(config) < 23:
        raise ProtocolError("HEVC configuration record is cut off")
    sps = next((nal for kind, nal in _units(config) if kind == _SPS), None)
    if sps is None:
        raise ProtocolError("HEVC configuration record has no SPS")
    width, height, aspect, colour = _picture(sps)
    return VideoTrack(
        "hevc", bytes(config), _codecs(config), width, height, aspect=aspect, colour=colour
    )


def sample_entry(track: VideoTrack) -> bytes:
    return visual_entry(b"hvc1", track, box(b"hvcC", track.config))


def self_contained(config: bytes, frame: Payload) -> Payload:
    """The key frame with the record's VPS, SPS and PPS."""
    units = [unit for kind, unit in _units(config) if kind in (_VPS, _SPS, _PPS)]
    length_size = (config[21] & 3) + 1
    return put_first(frame, units, length_size=length_size, delimiters=_DELIMITERS, present=_SETS)


def _in_order(config: bytes) -> bytes:
    """The record without start codes; its arrays are rebuilt where there are any."""
    if has_start_code(config):
        raise ProtocolError(
            "HEVC header is a byte stream (annex B), not a configuration record (hvcC)"
        )
    if len(config) < 23 or not any(has_start_code(unit) for _, unit in _units(config)):
        return config
    arrays = [(kind, unit) for kind, units in _units(config) for unit in split(units)]
    chunks = [bytes([0x80 | kind, 0, 1]) + len(unit).to_bytes(2) + unit for kind, unit in arrays]
    return config[:22] + bytes([len(chunks)]) + b"".join(chunks)


def _codecs(config: bytes) -> str:
    """The RFC 6381 string (ISO/IEC 14496-15, E.3).

    It is made of the profile, the compatibility flags (bits reversed), tier and level, and
    constraints, whose trailing zero bytes are left out.
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


def _picture(sps: bytes) -> tuple[int, int, Aspect, Colour | None]:
    """The width and height, the pixel aspect ratio, and the colours where they are described."""
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
    check_size("HEVC", width, height)
    try:
        _skip_to_vui(bits, sub_layers)
        aspect, colour = vui.read(bits) if bits.flag() else (vui.SQUARE, None)
    except ProtocolError:  # The VUI is cut off, which decoders tolerate.
        aspect, colour = vui.SQUARE, None
    return width, height, aspect, colour


def _skip_to_vui(bits: Bits, sub_layers: int) -> None:
    """Skip the fields from the bit depths to the VUI (7.3.2.2.1)."""
    bits.ue()
    bits.ue()
    order_bits = bits.ue() + 4
    for _ in range(sub_layers + 1 if bits.flag() else 1):
        _skip_numbers(bits, 3)
    _skip_numbers(bits, 6)
    if bits.flag() and bits.flag():
        _skip_scaling_lists(bits)
    bits.skip(2)
    if bits.flag():
        bits.skip(8)
        _skip_numbers(bits, 2)
        bits.skip(1)
    _skip_reference_sets(bits)
    if bits.flag():
        bits.skip(min(bits.ue(), _LONG_TERM_MAX) * (order_bits + 1))
    bits.skip(2)


def _skip_numbers(bits: Bits, count: int) -> None:
    for _ in range(count):
        bits.ue()


def _skip_scaling_lists(bits: Bits) -> None:
    """Skip scaling_list_data (7.3.4)."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.flag():
                bits.ue()
                continue
            for _ in range(min(64, 1 << (4 + 2 * size)) + (size > 1)):
                bits.se()


def _skip_reference_sets(bits: Bits) -> None:
    """Skip st_ref_pic_set (7.3.7); each set may be predicted from the one before it (7.4.8)."""
    before: list[int] = []
    for number in range(min(bits.ue(), _SHORT_TERM_MAX)):
        if number and bits.flag():
            sign = -1 if bits.flag() else 1
            moved = sign * (bits.ue() + 1)
            deltas = [delta + moved for delta in [*before, 0] if bits.flag() or bits.flag()]
        else:
            counts = min(bits.ue(), _REFERENCES_MAX), min(bits.ue(), _REFERENCES_MAX)
            deltas = []
            for count, sign in zip(counts, (-1, 1), strict=True):
                delta = 0
                for _ in range(count):
                    delta += sign * (bits.ue() + 1)
                    bits.skip(1)
                    deltas.append(delta)
        past = sorted((delta for delta in deltas if delta < 0), reverse=True)
        before = [*past, *sorted(delta for delta in deltas if delta > 0)]


def _skip_profile_tier_level(bits: Bits, sub_layers: int) -> None:
    """Skip profile_tier_level (7.3.3).

    It is 96 bits, two flags for each sub-layer (padded to eight), and the fields that these
    announce.
    """
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
