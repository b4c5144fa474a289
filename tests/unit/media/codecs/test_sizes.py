"""Picture size limits, in every codec's own header."""

from collections.abc import Callable

import pytest

from emulator.core.errors import ProtocolError, Refused
from emulator.media import codecs
from emulator.media.codecs.sizes import check_size
from emulator.media.webrtc.rtp import vp8
from tests.support.tables import table


def ue(number: int) -> str:
    """An Exp-Golomb number (ITU-T H.264, 9.1)."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def octets(bits: str) -> bytes:
    bits += "1" + "0" * (-(len(bits) + 1) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def escaped(unit: bytes) -> bytes:
    """With emulation prevention (ITU-T H.264, 7.4.1)."""
    out = bytearray()
    for octet in unit:
        if octet <= 3 and out[-2:] == b"\0\0":
            out.append(3)
        out.append(octet)
    return bytes(out)


def h264(width: int, height: int) -> object:
    counts = ue(width // 16 - 1) + ue(height // 16 - 1)
    bits = ue(0) + ue(0) + ue(2) + ue(1) + "0" + counts + "1" + "1" + "0" + "0"
    sps = escaped(b"\x67\x42\x00\x33" + octets(bits))
    record = b"\x01\x42\x00\x33\xff\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x00"
    track = codecs.video(b"avc1").track(record)
    return (track.width, track.height)


def hevc(width: int, height: int) -> object:
    bits = "0000" + "000" + "1" + "0" * 96 + ue(0) + ue(1) + ue(width) + ue(height) + "0"
    sps = escaped(b"\x42\x01" + octets(bits))
    record = b"\x01" + bytes(20) + b"\x03\x01\x21\x00\x01" + len(sps).to_bytes(2, "big") + sps
    track = codecs.video(b"hvc1").track(record)
    return (track.width, track.height)


def av1(width: int, height: int) -> object:
    size = f"{15:04b}{15:04b}{width - 1:016b}{height - 1:016b}"
    header = octets("000" + "1" + "1" + "00000" + size)
    record = b"\x81\x00\x0c\x00" + b"\x0a" + bytes([len(header)]) + header
    track = codecs.video(b"av01").track(record)
    return (track.width, track.height)


def vp9(width: int, height: int) -> object:
    bits = "10" + "00" + "0" + "0" + "00" + f"{0x498342:024b}" + "0010"
    form = codecs.video(b"vp09")
    track = form.track(bytes.fromhex("010000000028820202020000"))
    assert form.sized is not None
    sized = form.sized(track, octets(bits + f"{width - 1:016b}{height - 1:016b}" + "0"))
    return (sized.width, sized.height)


def webrtc_vp8(width: int, height: int) -> object:
    sizes = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    vp8.check_key(b"\x10\x00\x00\x9d\x01\x2a" + sizes)
    return (width, height)


CODECS = [h264, hevc, av1, vp9, webrtc_vp8]


@table("codec", CODECS)
@table(("width", "height"), [(320, 192), (8192, 4320), (16, 8704)])
def test_picture_size_displayable_is_accepted(
    codec: Callable[[int, int], object], width: int, height: int
) -> None:
    assert codec(width, height) == (width, height)


@table("codec", CODECS)
@table(("width", "height"), [(65_536, 128), (128, 65_536), (16_400, 128), (16_384, 16_368)])
def test_picture_size_undisplayable_is_refused_with_a_message(
    codec: Callable[[int, int], object], width: int, height: int
) -> None:
    if codec is webrtc_vp8:  # VP8 has 14 bits for a side.
        width, height = 16_383, 16_383
    with pytest.raises(Refused, match="pixels is too large") as refused:
        codec(width, height)
    assert refused.value.code == "unsupported"
    assert "Output Resolution" in refused.value.message


@table(("width", "height"), [(0, 100), (100, 0), (-16, 16)])
def test_picture_size_of_zero_is_a_broken_header(width: int, height: int) -> None:
    with pytest.raises(ProtocolError, match="invalid picture size"):
        check_size("VP8", width, height)


def test_picture_size_vp8_key_frame_without_its_start_code_is_broken() -> None:
    with pytest.raises(ProtocolError):
        vp8.check_key(b"\x10\x00\x00\x9d\x01\x2b\x40\x01\x40\x01")
