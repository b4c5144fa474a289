import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.library import VodFailed, VodReady
from emulator.world.library import lists, recordings
from emulator.world.library.recordings import Quality
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people.accounts import User
from emulator.world.world import World

HD = Quality("720p", 1280, 720, 2_500_000)


def leave_vod(world: World, owner: User, visibility: str = "public") -> str:
    stream = streams.create(world, owner, StreamPatch({"title": "x", "visibility": visibility}))
    streams.go_live(world, stream.id)
    ended = streams.end(world, streams.find(world, stream.id))
    assert ended.vod_id is not None
    return ended.vod_id


def test_recordings_vod_becomes_ready_once(world: World, ada: User, heard: list[Event]) -> None:
    vod_id = leave_vod(world, ada)

    recordings.mark_ready(world, vod_id, 61_234, (HD,))

    vod = recordings.find(world, vod_id)
    assert (vod.status, vod.duration_ms, vod.qualities) == ("ready", 61_234, (HD,))
    assert vod.ready_at_ms == world.now_ms
    assert heard[-1] == VodReady(at_ms=world.now_ms, vod_id=vod_id, duration_ms=61_234)
    for move in (recordings.mark_ready, recordings.mark_failed):
        with pytest.raises(Refused) as refused:
            move(world, vod_id, *((1, ()) if move is recordings.mark_ready else ("x",)))
        assert refused.value.code == "conflict"


def test_recordings_failed_vod_has_a_reason(world: World, ada: User, heard: list[Event]) -> None:
    vod_id = leave_vod(world, ada)

    recordings.mark_failed(world, vod_id, "the disk is full")

    assert recordings.find(world, vod_id).status == "failed"
    assert heard[-1] == VodFailed(at_ms=world.now_ms, vod_id=vod_id, reason="the disk is full")


def test_recordings_vod_is_visible_to_others_once_ready_and_public(
    world: World, ada: User, bob: User
) -> None:
    vod_id = leave_vod(world, ada)
    assert recordings.find_for(world, vod_id, ada).status == "processing"
    with pytest.raises(Refused):
        recordings.find_for(world, vod_id, bob)

    recordings.mark_ready(world, vod_id, 1_000, ())

    assert recordings.find_for(world, vod_id, None).status == "ready"


def test_recordings_private_stream_leaves_a_private_vod(world: World, ada: User, bob: User) -> None:
    vod_id = leave_vod(world, ada, visibility="unlisted")
    recordings.mark_ready(world, vod_id, 1_000, ())

    with pytest.raises(Refused):
        recordings.find_for(world, vod_id, bob)
    vods, total = lists.page(world, None, offset=0, count=10)
    assert (vods, total) == ([], 0)
    assert [vod.id for vod in recordings.unfinished(world)] == []


def test_recordings_each_view_is_counted(world: World, ada: User) -> None:
    vod = recordings.find(world, leave_vod(world, ada))

    assert recordings.watch(world, recordings.watch(world, vod)).view_count == 2
