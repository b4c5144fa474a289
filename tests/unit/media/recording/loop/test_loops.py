"""Loops: what is made of simulated recordings, once, and within a bound."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.recording.loop.loops import FILE_MS_MAX, HEIGHT, Loops, width_of
from emulator.media.shelf.shelves import Shelves
from emulator.world.library.recordings import Loop
from emulator.world.world import World

UID = "a" * 32


async def test_a_file_is_made_once_in_each_size_until_its_world_is_forgotten(
    world: World, tmp_path: Path
) -> None:
    loops = Loops(Shelves(tmp_path))
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
    [(None, "conflict"), (0, "not_found"), (FILE_MS_MAX + 200, "not_found")],
)
async def test_what_is_live_or_empty_or_too_long_has_no_file(
    world: World, tmp_path: Path, ended_ms: int | None, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await Loops(Shelves(tmp_path)).mp4(world, Loop(UID, 0, ended_ms))
    assert refused.value.code == code


def test_every_size_has_an_even_width() -> None:
    assert {height: width_of(height) for height in (144, 240, HEIGHT)} == {
        144: 256,
        240: 426,
        360: 640,
    }
