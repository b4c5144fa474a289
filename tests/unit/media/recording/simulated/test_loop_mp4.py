"""A loop's MP4: every shown frame, at its time, from the bytes of one round."""

import io
from itertools import pairwise

import av
import pytest

from emulator.media.packets import VideoTrack
from emulator.media.recording.simulated.film import ROUND_SECONDS, LoopFilm, render
from emulator.media.recording.simulated.mp4 import whole
from emulator.media.recording.simulated.showing import Pause, Showing
from tests.support.media_frames import sizes, stamps

BEGAN_MS = 1_700_000_000_000
AWAY: tuple[Pause, ...] = (
    (BEGAN_MS + 4_900, BEGAN_MS + 9_000),
    (BEGAN_MS + 12_000, BEGAN_MS + 12_400),
)


@pytest.fixture(scope="module")
def film() -> LoopFilm:
    return render(160, 90)


def shown(seconds: float, *pauses: Pause) -> Showing:
    return Showing(BEGAN_MS, BEGAN_MS + round(seconds * 1000), pauses, 0)


@pytest.mark.parametrize("seconds", [0.2, 8, 19.6])
def test_loop_mp4_has_every_frame_of_every_round(film: LoopFilm, seconds: float) -> None:
    content = whole(film, shown(seconds))

    assert sizes(content) == [(160, 90)] * round(30 * seconds)
    video_stamps = stamps(content, "video")
    # Its times are those of the wire, in milliseconds.
    assert [round(30 * stamp.pts) for stamp in video_stamps] == list(range(round(30 * seconds)))
    assert [stamp.is_key for stamp in video_stamps] == [
        number % 60 == 0 for number in range(len(video_stamps))
    ]
    sound = stamps(content, "audio")
    assert {round(float(two.pts - one.pts), 4) for one, two in pairwise(sound)} <= {0.0213}
    with av.open(io.BytesIO(content), "r") as container:
        assert (container.duration or 0) / av.time_base == seconds


def test_loop_mp4_audio_and_video_resume_together_after_a_drop(film: LoopFilm) -> None:
    showing = shown(14, *AWAY)
    content = whole(film, showing)

    assert len(sizes(content)) == showing.duration_ms * 30 // 1000
    # Audio belongs to its part: next to a cut at most one frame (21 ms) is missing.
    gaps = [float(two.pts - one.pts) for one, two in pairwise(stamps(content, "audio"))]
    assert min(gaps) > 0
    assert max(gaps) < 2 * 1024 / 48_000
    assert abs(float(stamps(content, "audio")[-1].pts) - showing.duration_ms / 1000) < 0.05


def test_loop_mp4_of_hours_has_small_tables_and_decodes_anywhere(film: LoopFilm) -> None:
    hours = 4
    content = whole(film, shown(hours * 3600))

    assert content.index(b"moov") < content.index(b"mdat")
    round_bytes = sum(len(packet.data) for part in film.parts for packet in part.packets)
    assert len(content) - content.index(b"mdat") - 4 == round_bytes
    assert len(content) < round_bytes + 10_000_000
    with av.open(io.BytesIO(content), "r") as container:
        (picture,) = container.streams.video
        assert picture.frames == hours * 3600 * 30
        for second in (hours * 3600 - 3, 3601, 1):
            container.seek(second * av.time_base)
            frame = next(container.decode(video=0))
            assert frame.time is not None
            assert second - 2 <= frame.time <= second
            # The film's clock starts again with each round, and so does its picture.
            first = _frame(film, frame.time % ROUND_SECONDS)
            assert bytes(frame.planes[0]) == first


def _frame(film: LoopFilm, seconds: float) -> bytes:
    """The brightness of the key frame that a round shows at this second."""
    with av.open(io.BytesIO(whole(film, shown(ROUND_SECONDS))), "r") as container:
        for frame in container.decode(video=0):
            if round(30 * (frame.time or 0)) == round(30 * seconds):
                return bytes(frame.planes[0])
    raise AssertionError("there is no such frame")


def test_loop_mp4_of_nothing_shown_does_not_exist(film: LoopFilm) -> None:
    assert isinstance(film.parts[0].tracks[0], VideoTrack)
    with pytest.raises(ValueError, match="nothing"):
        whole(film, shown(0.1))
