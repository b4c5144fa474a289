"""A picture's shape and colours in the codecs' headers, and in an init segment."""

import struct

from emulator.media import codecs
from emulator.media.codecs import vui
from emulator.media.hls.fmp4 import init_segment
from emulator.media.packets import Colour, VideoTrack
from tests.support.tables import table

# From x264 with SAR 7:5 and full range, x265 with scaling lists, four references and B-frames,
# libaom and libvpx: 352 x 288 pixels each.
AVCC = bytes.fromhex(
    "0164000dffe100206764000dacd9416096ffc001c0015b848904a00000030020"
    "00000641e28532c001000668ebe3cb22c0fdf8f800"
)
HVCC = bytes.fromhex(
    "0102200000009000000000003cf000fcfdfafa00000f03200001001840010c01"
    "ffff02200000030090000003000003003c959809210001002e42010102200000"
    "030090000003000003003ca00b080484d96566924e5781350910090400000300"
    "0400000300642022000100074401c172b46240"
)
AV1C = bytes.fromhex("81004c000a0e00000004457e3e6d7ca848804820")
VPCC = bytes.fromhex("010000000014820910090000")
VP9_KEY = bytes.fromhex("82498342a015f011f60638241c184a000ca050661fdfdff8")
PQ, HLG = Colour(9, 16, 9), Colour(9, 18, 9, is_full_range=True)


@table(
    ("fourcc", "record", "aspect", "colour", "video_range"),
    [
        (b"avc1", AVCC, (7, 5), HLG, "HLG"),
        (b"hvc1", HVCC, (12, 11), PQ, "PQ"),
        (b"av01", AV1C, (1, 1), PQ, "PQ"),
        (b"vp09", VPCC, (1, 1), PQ, "PQ"),
    ],
)
def test_picture_format_aspect_ratio_and_colours_are_read_and_passed_on(
    fourcc: bytes,
    record: bytes,
    aspect: tuple[int, int],
    colour: Colour,
    video_range: str,
) -> None:
    track = codecs.video(fourcc).track(record)
    assert (track.aspect, track.colour, track.video_range) == (aspect, colour, video_range)
    init = init_segment((track,))
    codes = (colour.primaries, colour.transfer, colour.matrix, colour.is_full_range << 7)
    assert b"colrnclx" + struct.pack(">HHHB", *codes) in init
    pasp = b"pasp" + struct.pack(">II", *aspect)
    assert (pasp in init) == (aspect != (1, 1))


def test_picture_format_display_width_follows_the_pixel_aspect_ratio() -> None:
    assert codecs.video(b"avc1").track(AVCC).display_width == 493
    assert VideoTrack("h264", b"", "", 720, 576, aspect=(64, 45)).display_width == 1024


def test_picture_format_vp9_key_frames_have_the_display_size() -> None:
    form = codecs.video(b"vp09")
    assert form.sized is not None
    assert form.sized(form.track(VPCC), VP9_KEY).aspect == (1, 1)
    # render_and_frame_size_different, 704 x 288: pixels twice as wide as high.
    bits = f"{int.from_bytes(VP9_KEY):0{8 * len(VP9_KEY)}b}"
    size_end = 8 + 24 + 4 + 32
    shown = bits[:size_end] + "1" + f"{703:016b}{287:016b}"
    frame = int(shown, 2) << (-len(shown) % 8)
    key = frame.to_bytes((len(shown) + 7) // 8)
    assert form.sized(form.track(VPCC), key).aspect == (2, 1)


@table("cut", range(8, 33))
def test_picture_format_header_cut_off_behind_its_size_has_none(cut: int) -> None:
    sps = AVCC[8:40][:cut]
    record = AVCC[:6] + len(sps).to_bytes(2) + sps + AVCC[40:]
    track = codecs.video(b"avc1").track(record) if cut > 13 else None
    if track is not None:
        assert (track.width, track.height) == (352, 288)


@table(
    ("ratio", "aspect"),
    [((0, 1), (1, 1)), ((1, 0), (1, 1)), ((128, 90), (64, 45)), ((65_535, 1), (1, 1))],
)
def test_picture_format_invalid_ratio_is_square(
    ratio: tuple[int, int], aspect: tuple[int, int]
) -> None:
    assert vui.aspect_of(*ratio) == aspect
