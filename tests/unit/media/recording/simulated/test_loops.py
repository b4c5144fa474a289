"""Loops: media of simulated recordings, made once, and within a limit."""

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore
from emulator.media.recording.simulated.looks import look_of
from emulator.media.recording.simulated.loops import HEIGHT, Loops, width_of
from emulator.media.recording.simulated.mp4 import whole
from emulator.media.recording.simulated.showing import Showing
from emulator.seeding import file
from emulator.seeding.template import Template, seed_state
from emulator.world.library import clips, recordings
from emulator.world.library.recordings import SIMULATED_FILE_MS_MAX, Loop
from emulator.world.live import streams, synthetic
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
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


async def test_loops_followed_live_stream_stays_in_addition_to_its_recording(
    world: World, tmp_path: Path
) -> None:
    loops = Loops(MediaStore(tmp_path))
    live = await loops.hls_stream(world, Loop(UID, world.now_ms - 10_000, None), is_followed=True)
    ended = Loop(UID, world.now_ms - 10_000, world.now_ms)

    assert await loops.hls_stream(world, ended, is_followed=True) is live
    # A VOD has a separate address, at which nothing was ever live.
    vod = (await loops.hls_stream(world, ended)).playlist("plain").text
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in vod
    # If nobody watched it live, its address has the recording in its final form.
    unseen = await loops.hls_stream(world, ended._replace(uid="b" * 32), is_followed=True)
    assert "EXT-X-PLAYLIST-TYPE" not in unseen.playlist("plain").text
    assert "#EXT-X-SERVER-CONTROL" in unseen.playlist("low_latency").text


def test_loops_every_size_has_an_even_width() -> None:
    assert {height: width_of(height) for height in (144, 240, HEIGHT)} == {
        144: 256,
        240: 426,
        360: 640,
    }


@pytest.fixture
def seeded(clock: ManualClock) -> Iterator[World]:
    """A world of the default seed."""
    with closing(Template(seed_state(file.read("default"), RulesConfig()))) as template:
        world = template.make(clock, lambda _: None, RulesConfig(), "default")
        yield world
        world.close()


async def test_loops_seeded_channels_have_a_picture_each(seeded: World, tmp_path: Path) -> None:
    loops = Loops(MediaStore(tmp_path))
    live = [Loop(stream.uid, stream.started_at_ms or 0, None) for stream in streams.live(seeded)]

    stills = [await still(loops, seeded, loop) for loop in live]

    assert len({look_of(seeded, loop.uid) for loop in live}) == len(set(stills)) == 6
    assert stills == [await still(Loops(MediaStore(tmp_path)), seeded, loop) for loop in live]


async def test_loops_recording_and_clip_look_as_their_stream(seeded: World) -> None:
    ended = streams.select(seeded, "WHERE streams.status = 'ended'")
    made = [*clips.popular(seeded, 10), *(recordings.by_media(seeded, s.uid) for s in ended)]

    looks = [look_of(seeded, item.uid) for item in made if item is not None]

    assert len(looks) == 4
    titles = {look.title for look in looks if look is not None}
    assert titles == {stream.title for stream in ended} | {"Teaching an editor to refactor"}


async def test_loops_picture_is_the_films_key_frame_at_its_time(
    seeded: World, tmp_path: Path
) -> None:
    # Given a seeded channel, and the film that its players see,
    loops = Loops(MediaStore(tmp_path))
    stream = streams.live(seeded)[0]
    loop = Loop(stream.uid, seeded.now_ms - 60_000, None)
    await loops.hls_stream(seeded, loop)
    film = await loops.film(seeded, stream.uid)
    content = whole(film, Showing(0, 8_000, (), 0))

    # when its picture at a time is requested, then that is the film's key frame there.
    with av.open(io.BytesIO(content), "r") as container:
        frames = [frame for frame in container.decode(video=0) if frame.key_frame]
    for key, frame in enumerate(frames):
        picture = await still(loops, seeded, loop, time=f"{2 * key}s")
        with av.open(io.BytesIO(picture), "r", format="mjpeg") as container:
            (drawn,) = container.decode(video=0)
        one, other = (bytes(f.reformat(64, 36, "gray").planes[0]) for f in (drawn, frame))
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one) < 3


async def test_loops_synthetic_publishers_share_one_film(world: World, tmp_path: Path) -> None:
    loops, people = Loops(MediaStore(tmp_path)), [accounts.make(world, name) for name in "ab"]
    made = [streams.create(world, owner, StreamPatch({"title": "Hi"})) for owner in people]
    for stream in made:
        synthetic.start(world, stream)

    first, second = [await loops.film(world, stream.uid, 144) for stream in made]

    assert first is second


async def still(loops: Loops, world: World, loop: Loop, time: str | None = None) -> bytes:
    return await loops.still(world, loop, time=time, width=None, height=180, fit="crop")
