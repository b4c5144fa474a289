"""A stream gets another key, or is deleted, with its chat and on request with its VODs."""

import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.library import VodDeleted
from emulator.core.events.live import StreamDeleted, StreamKeyRotated
from emulator.world.library import recordings, removal
from emulator.world.live import ingest_keys, lists, streams
from emulator.world.live.lists import StreamFilter
from emulator.world.live.streams import Stream
from emulator.world.world import World
from tests.support.streams import live, make


def recorded(world: World) -> Stream:
    """An ended stream with a VOD."""
    stream = streams.go_live(world, make(world, "Launch night", tags=["rust"]).id)
    return streams.end(world, stream)


def test_stream_removal_rotated_key_opens_and_the_old_one_does_not(
    world: World, heard: list[Event]
) -> None:
    stream = make(world, "x")

    rotated = streams.rotate_key(world, stream)

    assert rotated.stream_key != stream.stream_key
    assert heard[-1] == StreamKeyRotated(at_ms=world.now_ms, stream_id=stream.id)
    assert ingest_keys.authorize(world, rotated.stream_key, is_publishing=False).id == stream.id
    with pytest.raises(Refused):
        ingest_keys.authorize(world, stream.stream_key, is_publishing=False)


def test_stream_removal_key_rotation_needs_an_offline_stream(world: World) -> None:
    running = live(world, "x")
    for stream in (running, streams.end(world, running)):
        with pytest.raises(Refused) as refused:
            streams.rotate_key(world, stream)
        assert refused.value.code == "conflict"
        assert streams.find(world, stream.id).stream_key == stream.stream_key


def test_stream_removal_live_stream_is_refused(world: World) -> None:
    stream = live(world, "x")

    with pytest.raises(Refused, match="End it before") as refused:
        removal.delete_stream(world, stream)

    assert refused.value.code == "conflict"
    assert streams.find(world, stream.id) == stream


def test_stream_removal_deleted_stream_is_gone_everywhere(world: World, heard: list[Event]) -> None:
    stream = make(world, "x", tags=["rust"])

    removal.delete_stream(world, stream)

    assert heard[-1] == StreamDeleted(
        at_ms=world.now_ms, stream_id=stream.id, uid=stream.uid, is_media_kept=False
    )
    assert streams.by_key(world, stream.stream_key) is streams.by_uid(world, stream.uid) is None
    assert lists.page(world, None, StreamFilter(), offset=0, count=9) == ([], 0)
    assert world.store.number("SELECT count(*) FROM stream_tags") == 0
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'rust'") == 0
    with pytest.raises(Refused):
        streams.find(world, stream.id)


def test_stream_removal_keeps_vods_with_their_media(world: World, heard: list[Event]) -> None:
    stream = recorded(world)
    vod_id = stream.vod_id or ""
    recordings.mark_ready(world, vod_id, 1_000, ())

    removal.delete_stream(world, stream)

    [deleted] = [event for event in heard if isinstance(event, StreamDeleted)]
    assert deleted.is_media_kept
    vod = recordings.find(world, vod_id)
    assert (vod.status, vod.stream_id, vod.media_uid) == ("ready", None, stream.uid)
    assert not [event for event in heard if isinstance(event, VodDeleted)]


def test_stream_removal_takes_vods_on_request(world: World, heard: list[Event]) -> None:
    stream = recorded(world)

    removal.delete_stream(world, stream, with_vods=True)

    assert [type(event) for event in heard[-2:]] == [VodDeleted, StreamDeleted]
    [deleted] = [event for event in heard if isinstance(event, StreamDeleted)]
    assert not deleted.is_media_kept
    with pytest.raises(Refused):
        recordings.find(world, stream.vod_id or "")


def test_stream_removal_refused_leaves_no_trace(world: World, heard: list[Event]) -> None:
    stream = streams.go_live(world, make(world, "x").id)
    before = list(heard)

    with pytest.raises(Refused):
        removal.delete_stream(world, stream, with_vods=True)

    assert heard == before
