"""The test picture: refused sizes, the positions of its parts, and where it moves."""

import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from emulator.media.publisher.test_card.glyphs import ADVANCE, GLYPH_HEIGHT, Pen, plain
from emulator.media.publisher.test_card.picture import CardPicture, FrameMoment
from tests.support.tables import table

NOW_MS = 1_767_225_600_123


def luma(frame: VideoFrame) -> list[bytes]:
    """Its luma rows, without FFmpeg's padding."""
    plane = frame.planes[0]
    whole = bytes(plane)
    return [
        whole[line * plane.line_size : line * plane.line_size + frame.width]
        for line in range(frame.height)
    ]


@table("size", [(1279, 720), (1280, 719), (158, 90), (160, 88), (0, 0)])
def test_card_undrawable_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="invalid size"):
        CardPicture(*size, "name")


@table("size", [(160, 90), (320, 180), (90 * 2, 320), (1280, 720), (4096, 2160)])
def test_card_flash_is_inside_and_switches_from_black_to_white(size: tuple[int, int]) -> None:
    picture = CardPicture(*size, "name")
    left, top, width, height = picture.flash_box()
    assert left >= 0
    assert left + width <= size[0]
    assert top + height <= size[1] - size[1] // 12

    lit, dark = (luma(picture.draw(FrameMoment(1, 33, NOW_MS, on))) for on in (True, False))

    assert {lit[y][x] for y in (top, top + height - 1) for x in (left, left + width - 1)} == {235}
    assert {dark[y][x] for y in (top, top + height - 1) for x in (left, left + width - 1)} == {16}


def test_card_bars_and_name_stand_still_from_frame_to_frame() -> None:
    picture = CardPicture(640, 360, "name")
    one = luma(picture.draw(FrameMoment(1, 33, NOW_MS, True)))
    two = luma(picture.draw(FrameMoment(2, 66, NOW_MS + 33, True)))
    changed = {
        line for line, (before, after) in enumerate(zip(one, two, strict=True)) if before != after
    }
    assert changed
    assert min(changed) > 180 + (360 - 180) // 6


@given(st.text(max_size=60))
def test_card_any_name_can_be_drawn(name: str) -> None:
    assert CardPicture(320, 180, name).draw(FrameMoment(0, 0, NOW_MS, False)).width == 320


@given(st.text(max_size=20), st.integers(1, 4))
def test_card_text_is_as_wide_as_its_letters(text: str, scale: int) -> None:
    rows = Pen(scale, 225, 26).rows(text)
    assert len(rows) == GLYPH_HEIGHT
    assert {len(row) for row in rows} == {len(plain(text)) * ADVANCE * scale}


def test_card_letters_lose_their_accents_and_nothing_else() -> None:
    assert plain("Überblick: é\t1") == "UBERBLICK: E 1"
