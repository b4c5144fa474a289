"""Pictures: sizes, fits and times as on the CDN, and the nearest key frame."""

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.media.hls.segments import read
from emulator.media.recording import pictures
from emulator.media.recording.animation import gif
from emulator.media.recording.footage import Footage, Piece, footage
from emulator.media.recording.pictures import (
    check_size,
    parse_time,
    still,
)
from emulator.media.recording.storyboard import storyboard
from emulator.world.library.picture_sizes import Fit, PictureSize, target
from tests.support.broadcast import flv
from tests.support.media_frames import picture
from tests.support.tables import table
from tests.unit.media.recording.conftest import Record


@pytest.fixture
async def held(record: Record) -> Footage:
    """Four seconds of 320 x 180, a key frame each second."""
    return footage(await record(flv()))


@table(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("90", 90), ("1.5s", 1.5), ("8m", 480), ("5m2s", 302), ("1h2m3s", 3723)],
)
def test_pictures_time_is_read_in_the_cdn_form(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@table("text", ["", "s", "-1", "1e3", "nan", "inf", "2s5m", "1 s", "\u0661", "1s\n"])
def test_pictures_other_times_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_time(text)
    assert refusal.value.code == "invalid"


@given(text=st.text(max_size=12))
def test_pictures_any_time_is_seconds_or_refused(text: str) -> None:
    try:
        seconds = parse_time(text)
    except Refused:
        return
    assert 0 <= seconds < 1e8


@table(("width", "height"), [(0, None), (None, 2001), (-5, 5)])
def test_pictures_sizes_have_bounds(width: int | None, height: int | None) -> None:
    with pytest.raises(Refused) as refusal:
        check_size(width, height, "crop")
    assert refusal.value.code == "invalid"


def test_pictures_unknown_fit_is_refused() -> None:
    with pytest.raises(Refused):
        check_size(10, 10, "stretch")


@table(
    ("size", "box"),
    [
        (PictureSize(), (1138, 640)),
        (PictureSize(height=270), (480, 270)),
        (PictureSize(width=320), (320, 180)),
        (PictureSize(100, 100), (100, 100)),
        (PictureSize(1, 1), (2, 2)),
    ],
)
def test_pictures_missing_side_follows_the_source(size: PictureSize, box: tuple[int, int]) -> None:
    assert target(1920, 1080, size) == box


@pytest.mark.parametrize(
    ("fit", "size"),
    [("crop", (100, 100)), ("scale", (100, 100)), ("fill", (100, 100)), ("clip", (100, 56))],
)
async def test_pictures_each_fit_gives_its_size(
    held: Footage, fit: Fit, size: tuple[int, int]
) -> None:
    frame = picture(still(held, 0, PictureSize(100, 100, fit)))
    assert (frame.width, frame.height) == size


async def test_pictures_clip_never_enlarges_and_other_fits_do(held: Footage) -> None:
    clipped = picture(still(held, 0, PictureSize(2000, 2000, "clip")))
    cropped = picture(still(held, 0, PictureSize(2000, 2000, "crop")))
    assert (clipped.width, cropped.width, cropped.height) == (320, 2000, 2000)


async def test_pictures_nearest_key_frame_is_taken(held: Footage) -> None:
    # Key frames are at 0, 1, 2 and 3 s; each piece holds one.
    for seconds, expected in [(0.0, 0), (0.9, 0), (1.0, 90_000), (2.4, 180_000), (3.9, 270_000)]:
        assert pictures.picture(held, seconds).pts == expected


def damaged(piece: Piece) -> Piece:
    """A recording whose key frames are overwritten, so that none can be decoded."""
    content = bytearray(piece.content())
    with av.open(io.BytesIO(content), "r", format="mp4") as container:
        for packet in container.demux(video=0):
            if packet.is_keyframe and packet.size:
                assert packet.pos is not None
                content[packet.pos + 4 : packet.pos + packet.size] = bytes(packet.size - 4)
    return replace(piece, source=bytes(content[len(read(piece.init_source)) :]))


async def test_pictures_undrawable_key_frame_falls_back_to_the_next_nearest(held: Footage) -> None:
    pieces = [damaged(piece) if n == 2 else piece for n, piece in enumerate(held.pieces)]
    held = Footage(tuple(pieces))

    assert pictures.drawn(held.pieces[2], 2.0) is None
    assert pictures.picture(held, 2.1).pts == 90_000
    assert picture(still(held, 2.1, PictureSize())).width == 320
    board = storyboard(held)
    assert picture(board.sprite).width == 5 * 160
    assert picture(gif(held, 2, 0.5, 4, PictureSize())).width > 0


async def test_pictures_dark_placeholder_replaces_an_undrawable_one(
    held: Footage,
) -> None:
    held = Footage(tuple(map(damaged, held.pieces)))

    frame = picture(still(held, 1, PictureSize()))
    assert (frame.width, frame.height) == (320, 180)
    assert max(bytes(frame.reformat(format="gray").planes[0])) < 30
    assert picture(storyboard(held).sprite).width == 5 * 160
    assert picture(gif(held, 0, 1, 4, PictureSize())).width > 0


async def test_pictures_time_in_a_gap_shows_the_nearest_frame(held: Footage) -> None:
    first, second, _, last = held.pieces
    held = Footage((first, second, last))

    assert pictures.picture(held, 2.1).pts == 90_000
    assert picture(still(held, 2.1, PictureSize())).width == 320


@pytest.mark.parametrize("seconds", [-1, 4.2, 1e9])
async def test_pictures_time_outside_the_video_is_refused(held: Footage, seconds: float) -> None:
    with pytest.raises(Refused) as refusal:
        still(held, seconds, PictureSize())
    assert refusal.value.code == "invalid"


async def test_pictures_audio_only_has_none(record: Record) -> None:
    held = footage(await record(flv(video="")))
    with pytest.raises(Refused) as refusal:
        still(held, 0, PictureSize())
    assert refusal.value.code == "not_found"


@pytest.mark.parametrize(
    "video",
    [
        "libx265 -preset ultrafast -x265-params keyint=30:log-level=none",
        "libsvtav1 -preset 12 -g 30 -svtav1-params scd=0",
        "libvpx-vp9 -deadline realtime -cpu-used 8 -g 30",
        "libx264 -preset veryfast -g 30 -bf 3",
    ],
)
async def test_pictures_every_ingest_codec_gives_one(record: Record, video: str) -> None:
    held = footage(await record(flv(seconds=2, video=video)))
    frame = picture(still(held, 1, PictureSize()))
    assert (frame.width, frame.height) == (320, 180)
