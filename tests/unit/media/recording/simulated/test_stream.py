"""A loop plays like a stream: its playlists keep the rules, its media decodes without a seam."""

import asyncio
from functools import partial
from io import BytesIO
from itertools import pairwise

import av
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.media.hls.segments import read
from emulator.media.hls.stream import Kind
from emulator.media.recording.simulated.film import ROUND_SECONDS, LoopFilm, render
from emulator.media.recording.simulated.showing import PART_MS, Pause, Showing
from emulator.media.recording.simulated.stream import LiveLoop, RecordedLoop
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse

STARTED_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def film() -> LoopFilm:
    return render(320, 180)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(STARTED_MS)


def live(film: LoopFilm, clock: ManualClock, *pauses: Pause) -> LiveLoop:
    """A loop whose publisher is away during those pauses."""
    return LiveLoop(film, clock, lambda: Showing(STARTED_MS, None, pauses, clock.now_ms()))


def pts_of(content: bytes) -> dict[str, list[float]]:
    """Every decoded frame's time in seconds, by kind."""
    with av.open(BytesIO(content), "r") as container:
        video = [frame.time or 0.0 for frame in container.decode(video=0)]
    with av.open(BytesIO(content), "r") as container:
        audio = [frame.time or 0.0 for frame in container.decode(audio=0)]
    return {"video": video, "audio": audio}


def names(playlist: str) -> list[str]:
    """The file names of the segments in a playlist."""
    return [str(segment.uri).rpartition("/")[2] for segment in parse(playlist).segments]


def steps(times: list[float]) -> set[float]:
    return {round(b - a, 2) for a, b in pairwise(times)}


def test_loop_stream_rounds_follow_without_a_gap(film: LoopFilm) -> None:
    count = len(film.parts)
    content = b"".join(film.content(number) for number in range(count - 10, 2 * count + 10))
    values = pts_of(film.init_content + content)
    assert len(values["video"]) == (ROUND_SECONDS + 4) * 30
    assert steps(values["video"]) == {0.03}
    assert steps(values["audio"]) == {0.02}


def test_loop_stream_live_playlists_obey_the_rules_over_time(
    film: LoopFilm, clock: ManualClock
) -> None:
    hls_stream = live(film, clock)
    clock.advance(20_000)
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    before = {kind: hls_stream.playlist(kind).text for kind in kinds}
    for step_ms in (200, 200, 1_800, 100, 5_000, 3_600_000, 400):
        clock.advance(step_ms)
        for kind in kinds:
            now = hls_stream.playlist(kind).text
            assert check_media(now) == []
            if step_ms < 10_000:
                assert check_reload(before[kind], now) == []
            before[kind] = now
    newest = names(before["plain"])[-1]
    assert newest == f"seg-{(3_600_000 + 27_700) // 2000 - 1}.m4s"


def test_loop_stream_listed_media_exists_and_no_other(film: LoopFilm, clock: ManualClock) -> None:
    hls_stream = live(film, clock)
    clock.advance(7_300)
    assert read(hls_stream.media_now("init-0.mp4")) == film.init_content
    whole = read(hls_stream.media_now("seg-2.m4s"))
    assert whole == b"".join(
        read(hls_stream.media_now(f"part-{number}.m4s")) for number in range(20, 30)
    )
    assert read(hls_stream.media_now("part-35.m4s"))
    for name in ("seg-3.m4s", "part-36.m4s", "init-1.mp4", "seg-99.m4s"):
        with pytest.raises(Refused):
            hls_stream.media_now(name)


async def test_loop_stream_hinted_part_is_waited_for(film: LoopFilm, clock: ManualClock) -> None:
    hls_stream = live(film, clock)
    clock.advance(1_000)
    waiting = asyncio.ensure_future(hls_stream.media("part-5.m4s"))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(PART_MS)
    assert read(await waiting) == film.content(5)


@pytest.fixture(params=[PART_MS, 4_000, 9_300])
def recorded(film: LoopFilm, request: pytest.FixtureRequest) -> tuple[RecordedLoop, int]:
    showing = Showing(STARTED_MS, STARTED_MS + request.param, (), 0)
    return RecordedLoop(film, showing), request.param // PART_MS


@pytest.mark.parametrize("kind", ["plain", "low_latency"])
def test_loop_stream_ended_one_ends_the_followed_playlists(
    film: LoopFilm, clock: ManualClock, kind: Kind
) -> None:
    ended_ms: int | None = None
    hls_stream = LiveLoop(film, clock, lambda: Showing(STARTED_MS, ended_ms, (), clock.now_ms()))
    clock.advance(100_000)
    before = hls_stream.playlist(kind).text
    clock.advance(1_000)
    ended_ms = clock.now_ms()
    clock.advance(5_000)
    after = hls_stream.playlist(kind).text
    assert check_media(after) == check_reload(before, after) == []
    assert after.endswith("#EXT-X-ENDLIST\n")
    assert parse(before).media_sequence > 0
    last = parse(after).segments[-1]
    assert all(read(hls_stream.media_now(part.uri.rpartition("/")[2])) for part in last.parts)

    # A later playlist has all that was shown, in the same form.
    recording = RecordedLoop(film, Showing(STARTED_MS, ended_ms, (), 0), was_live=True)
    text = recording.playlist(kind).text
    assert check_media(text) == []
    for tag in ("EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-PLAYLIST-TYPE"):
        assert parse(text).value(tag) == parse(after).value(tag)


def test_loop_stream_paused_plays_to_where_its_publisher_left(
    film: LoopFilm, clock: ManualClock
) -> None:
    hls_stream = live(film, clock, (STARTED_MS + 4_900, None))
    clock.advance(4_500)
    before = hls_stream.playlist("low_latency").text
    clock.advance(2_000)
    away = hls_stream.playlist("low_latency").text
    assert check_media(away) == check_reload(before, away) == []
    # The last of the shown parts comes when the publisher does, or at the end.
    parts = sum(part.duration for part in parse(away).all_segments[-1].parts)
    assert sum(s.duration or 0 for s in parse(away).segments) + parts == pytest.approx(4.6)
    assert len(parse(hls_stream.playlist("plain").text).segments) == 3
    assert read(hls_stream.media_now("seg-2.m4s"))
    assert "EXT-X-PRELOAD-HINT" not in away


def test_loop_stream_media_listed_in_a_pause_stays_unchanged(
    film: LoopFilm, clock: ManualClock
) -> None:
    pauses: list[Pause] = [(STARTED_MS + 4_900, None)]
    showing = partial(Showing, STARTED_MS)
    hls_stream = LiveLoop(film, clock, lambda: showing(None, tuple(pauses), clock.now_ms()))
    clock.advance(6_000)
    assert names(hls_stream.playlist("plain").text)[-1] == "seg-2.m4s"
    paused = read(hls_stream.media_now("seg-2.m4s"))

    pauses[0] = (STARTED_MS + 4_900, STARTED_MS + 6_000)
    clock.advance(4_000)
    listed = names(hls_stream.playlist("plain").text)
    assert listed[2:5] == ["seg-2.m4s", "part-23.m4s", "seg-3.m4s"]
    last = read(hls_stream.media_now("part-23.m4s"))
    assert read(hls_stream.media_now("seg-2.m4s")) == paused
    recording = RecordedLoop(film, showing(clock.now_ms(), tuple(pauses), 0), was_live=True)
    for playable in (hls_stream, recording):
        assert read(playable.media_now("seg-2-whole.m4s")) == paused + last
    assert names(recording.playlist("plain").text)[:4] == [
        "seg-0.m4s", "seg-1.m4s", "seg-2-whole.m4s", "seg-3.m4s"
    ]  # fmt: skip
    assert read(recording.media_now("seg-2.m4s")) == paused


def test_loop_stream_recorded_lasts_as_long_as_it_ran(recorded: tuple[RecordedLoop, int]) -> None:
    hls_stream, parts = recorded
    text = hls_stream.playlist("plain").text
    assert check_media(text) == []
    assert "#EXT-X-ENDLIST" in text
    segments = names(text)
    content = b"".join(read(hls_stream.media_now(name)) for name in segments)
    values = pts_of(read(hls_stream.media_now("init-0.mp4")) + content)
    assert len(values["video"]) == parts * 6
    with pytest.raises(Refused):
        hls_stream.media_now(f"seg-{len(segments)}.m4s")


AWAY: tuple[Pause, ...] = (
    (STARTED_MS + 4_900, STARTED_MS + 9_000),
    (STARTED_MS + 12_000, STARTED_MS + 12_400),
)


def test_loop_stream_drop_is_signalled_and_shows_nothing(
    film: LoopFilm, clock: ManualClock
) -> None:
    hls_stream = live(film, clock, *AWAY)
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    clock.advance(2_200)
    before = {kind: hls_stream.playlist(kind).text for kind in kinds}
    for step_ms in (2_000, 900, 2_000, 2_099, 201, 2_800, 400, 3_600):
        clock.advance(step_ms)
        for kind in kinds:
            now = hls_stream.playlist(kind).text
            assert check_media(now) == []
            assert check_reload(before[kind], now) == []
            before[kind] = now
    # The last segment before a pause is short; after it a new one begins.
    assert before["plain"].count("#EXT-X-DISCONTINUITY\n") == 2
    lengths = [round(segment.duration or 0, 1) for segment in parse(before["plain"]).segments]
    assert lengths == [2, 2, 0.8, 2, 1, 2]


def test_loop_stream_late_viewer_sees_equal_media(film: LoopFilm, clock: ManualClock) -> None:
    watched, late = live(film, clock, *AWAY), live(film, clock, *AWAY)
    for _ in range(100):
        clock.advance(970)
        newest = watched.playlist("plain") if clock.now_ms() - STARTED_MS > 2_000 else None
    assert newest is not None
    assert names(late.playlist("plain").text) == names(newest.text)
    assert late.window.discontinuity_sequence == watched.window.discontinuity_sequence == 2
    assert read(late.media_now("seg-30.m4s")) == read(watched.media_now("seg-30.m4s"))


def test_loop_stream_recording_with_pauses_decodes_to_all_shown_frames(film: LoopFilm) -> None:
    showing = Showing(STARTED_MS, STARTED_MS + 14_000, AWAY, 0)
    hls_stream = RecordedLoop(film, showing)
    text = hls_stream.playlist("plain").text
    assert check_media(text) == []
    content = b"".join(read(hls_stream.media_now(name)) for name in names(text))
    video_pts = pts_of(film.init_content + content)["video"]
    assert showing.duration_ms == 4_800 + 3_000 + 1_600
    assert len(video_pts) == showing.duration_ms * 30 // 1000
    assert video_pts == sorted(video_pts)
