"""The strip: an instant that survives encoding, scaling and damage, or is not read at all."""

import io

import av
import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.synthetic import SyntheticBroadcast
from emulator.media.publisher.test_card.picture import CardPicture, FrameMoment
from emulator.media.publisher.test_card.strip import CELLS, write_cells
from tests.support.media_frames import picture
from tests.support.publisher import flv_file, pictures
from tests.support.strip import read_cells, read_strip
from tests.support.tables import table

NOW_MS = 1_767_225_600_123
INSTANTS = st.integers(0, 2**48 - 1)


def as_brightness(cells: str, dark: int = 16, bright: int = 235) -> list[int]:
    return [bright if cell == "1" else dark for cell in cells]


@given(INSTANTS, st.integers(0, 120), st.integers(60, 135))
def test_strip_any_instant_is_read_back_in_any_light(
    instant_ms: int, dark: int, contrast: int
) -> None:
    cells = write_cells(instant_ms)
    assert len(cells) == CELLS
    assert read_cells(as_brightness(cells, dark, dark + contrast)) == instant_ms


@given(INSTANTS, st.integers(2, CELLS - 3))
def test_strip_one_wrong_cell_is_noticed(instant_ms: int, wrong: int) -> None:
    brightness = as_brightness(write_cells(instant_ms))
    brightness[wrong] = 251 - brightness[wrong]
    assert read_cells(brightness) is None


@given(st.lists(st.integers(0, 255), min_size=CELLS, max_size=CELLS))
def test_strip_read_instant_is_the_one_written(brightness: list[int]) -> None:
    number = read_cells(brightness)
    assert number is None or len(write_cells(number)) == CELLS


@table("instant_ms", [-1, 2**48])
def test_strip_instant_over_48_bits_is_refused(instant_ms: int) -> None:
    with pytest.raises(ValueError, match="time out of range for a strip"):
        write_cells(instant_ms)


def test_strip_picture_without_one_has_no_instant() -> None:
    grey = VideoFrame(640, 360, "yuv420p")
    for plane in grey.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    assert read_strip(grey) is None


@table(
    ("width", "height", "kbits"),
    [
        (320, 180, 150),
        (426, 240, 300),
        (640, 360, 500),
        (608, 1080, 1500),
        (1280, 720, 1000),
        (1920, 1080, 2000),
    ],
)
def test_strip_every_frame_has_its_instant_after_a_real_encoder(
    width: int, height: int, kbits: int
) -> None:
    # Given a clock that follows the broadcast,
    clock = ManualClock(NOW_MS)
    settings = PublishConfig(width=width, height=height, video_kbits=kbits)
    broadcast = SyntheticBroadcast(settings, clock)
    # when a second of it is encoded, at a bit rate that is low for its size, and decoded,
    tags, encoded_ms = [], []
    while broadcast.due_ms < 1000:
        clock.advance(NOW_MS + broadcast.due_ms - clock.now_ms())
        encoded_ms.append(clock.now_ms())
        tags += broadcast.step(broadcast.due_ms)
    seen = pictures(flv_file(tags + broadcast.close()))
    # then each frame has its own instant.
    assert [read_strip(shot.frame) for shot in seen] == encoded_ms
    assert {(shot.frame.width, shot.frame.height) for shot in seen} == {(width, height)}


@table("size", [(320, 180), (480, 270), (1920, 1080)])
@table("form", ["yuv420p", "rgb24", "yuvj420p", "nv12"])
def test_strip_survives_scaling_and_other_pixel_formats(size: tuple[int, int], form: str) -> None:
    frame = CardPicture(1280, 720, "name").draw(FrameMoment(7, 233, NOW_MS, False))
    assert read_strip(frame.reformat(*size, format=form)) == NOW_MS


def test_strip_survives_a_thumbnail() -> None:
    frame = CardPicture(1280, 720, "name").draw(FrameMoment(7, 233, NOW_MS, False))
    image = io.BytesIO()
    with av.open(image, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuvj420p"
        container.mux(stream.encode(frame.reformat(640, 360, "yuvj420p")))
        container.mux(stream.encode(None))
    assert read_strip(picture(image.getvalue())) == NOW_MS
