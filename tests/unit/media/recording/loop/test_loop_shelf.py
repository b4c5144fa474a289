"""A loop plays like a stream: its playlists obey the rules, its media decodes without a seam."""

import asyncio
from io import BytesIO
from itertools import pairwise

import av
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.media.recording.loop.film import ROUND_SECONDS, Film, render
from emulator.media.recording.loop.loop_shelf import PART_MS, LiveLoop, RecordedLoop
from emulator.media.shelf.segments import read
from emulator.media.shelf.shelf import Kind
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse

STARTED_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def film() -> Film:
    return render(320, 180)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(STARTED_MS)


def pts_of(content: bytes) -> dict[str, list[float]]:
    """Every decoded frame's time in seconds, by kind."""
    with av.open(BytesIO(content), "r") as container:
        video = [frame.time or 0.0 for frame in container.decode(video=0)]
    with av.open(BytesIO(content), "r") as container:
        audio = [frame.time or 0.0 for frame in container.decode(audio=0)]
    return {"video": video, "audio": audio}


def names(playlist: str) -> list[str]:
    """The segments' files, as a playlist lists them."""
    return [str(segment.uri).rpartition("/")[2] for segment in parse(playlist).segments]


def steps(times: list[float]) -> set[float]:
    return {round(b - a, 2) for a, b in pairwise(times)}


def test_rounds_follow_each_other_without_a_hole(film: Film) -> None:
    count = len(film.parts)
    content = b"".join(film.content(number) for number in range(count - 10, 2 * count + 10))
    found = pts_of(film.init_content + content)
    assert len(found["video"]) == (ROUND_SECONDS + 4) * 30
    assert steps(found["video"]) == {0.03}
    assert steps(found["audio"]) == {0.02}


def test_a_live_loop_s_playlists_obey_the_rules_as_time_goes_by(
    film: Film, clock: ManualClock
) -> None:
    shelf = LiveLoop(film, clock, STARTED_MS)
    clock.advance(20_000)
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    before = {kind: shelf.playlist(kind).text for kind in kinds}
    for step_ms in (200, 200, 1_800, 100, 5_000, 3_600_000, 400):
        clock.advance(step_ms)
        for kind in kinds:
            now = shelf.playlist(kind).text
            assert check_media(now) == []
            if step_ms < 10_000:
                assert check_reload(before[kind], now) == []
            before[kind] = now
    newest = names(before["plain"])[-1]
    assert newest == f"seg-{(3_600_000 + 27_700) // 2000 - 1}.m4s"


def test_what_a_playlist_lists_is_there_and_nothing_else(film: Film, clock: ManualClock) -> None:
    shelf = LiveLoop(film, clock, STARTED_MS)
    clock.advance(7_300)
    assert read(shelf.media_now("init-0.mp4")) == film.init_content
    whole = read(shelf.media_now("seg-2.m4s"))
    assert whole == b"".join(
        read(shelf.media_now(f"part-{number}.m4s")) for number in range(20, 30)
    )
    assert read(shelf.media_now("part-35.m4s"))
    for name in ("seg-3.m4s", "part-36.m4s", "init-1.mp4", "seg-99.m4s"):
        with pytest.raises(Refused):
            shelf.media_now(name)


async def test_a_part_that_is_hinted_at_is_waited_for(film: Film, clock: ManualClock) -> None:
    shelf = LiveLoop(film, clock, STARTED_MS)
    clock.advance(1_000)
    waiting = asyncio.ensure_future(shelf.media("part-5.m4s"))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(PART_MS)
    assert read(await waiting) == film.content(5)


@pytest.fixture(params=[PART_MS, 4_000, 9_300])
def recorded(film: Film, request: pytest.FixtureRequest) -> tuple[RecordedLoop, int]:
    return RecordedLoop(film, STARTED_MS, STARTED_MS + request.param), request.param // PART_MS


def test_a_recorded_loop_is_as_long_as_it_ran(recorded: tuple[RecordedLoop, int]) -> None:
    shelf, parts = recorded
    text = shelf.playlist("plain").text
    assert check_media(text) == []
    assert "#EXT-X-ENDLIST" in text
    segments = names(text)
    content = b"".join(read(shelf.media_now(name)) for name in segments)
    found = pts_of(read(shelf.media_now("init-0.mp4")) + content)
    assert len(found["video"]) == parts * 6
    with pytest.raises(Refused):
        shelf.media_now(f"seg-{len(segments)}.m4s")
