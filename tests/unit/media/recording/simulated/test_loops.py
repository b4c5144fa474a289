"""Loops: what is made of simulated recordings, once, and within a bound."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore
from emulator.media.recording.simulated.loops import HEIGHT, Loops, width_of
from emulator.world.library.recordings import SIMULATED_FILE_MS_MAX, Loop
from emulator.world.world import World

UID = "a" * 32


async def test_loops_file_is_made_once_per_size_until_its_world_is_forgotten(
    world: World, tmp_path: Path
) -> None:
    loops = Loops(MediaStore(tmp_path))
    loop = Loop(UID, 0, 2_000)

    whole = await loops.mp4(world, loop)
    small = await loops.mp4(world, loop, 144)

    assert await loops.mp4(world, loop) is whole
    assert len(small) < len(whole)
    loops.forget(world.name)
    again = await loops.mp4(world, loop)
    assert again == whole
    assert again is not whole


@pytest.mark.parametrize(
    ("ended_ms", "code"),
    [(None, "conflict"), (0, "not_found"), (SIMULATED_FILE_MS_MAX + 200, "not_found")],
)
async def test_loops_live_empty_or_too_long_has_no_file(
    world: World, tmp_path: Path, ended_ms: int | None, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await Loops(MediaStore(tmp_path)).mp4(world, Loop(UID, 0, ended_ms))
    assert refused.value.code == code


async def test_loops_followed_live_one_stays_in_place_beside_its_recording(
    world: World, tmp_path: Path
) -> None:
    loops = Loops(MediaStore(tmp_path))
    live = await loops.hls_stream(world, Loop(UID, world.now_ms - 10_000, None), is_followed=True)
    ended = Loop(UID, world.now_ms - 10_000, world.now_ms)

    assert await loops.hls_stream(world, ended, is_followed=True) is live
    # A VOD has an address of its own, where nothing was ever live.
    vod = (await loops.hls_stream(world, ended)).playlist("plain").text
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in vod
    # Where nobody watched it live, its address has the recording in the form that it had.
    unseen = await loops.hls_stream(world, ended._replace(uid="b" * 32), is_followed=True)
    assert "EXT-X-PLAYLIST-TYPE" not in unseen.playlist("plain").text
    assert "#EXT-X-SERVER-CONTROL" in unseen.playlist("low_latency").text


def test_loops_every_size_has_an_even_width() -> None:
    assert {height: width_of(height) for height in (144, 240, HEIGHT)} == {
        144: 256,
        240: 426,
        360: 640,
    }
