"""MediaStore: one HLS stream per uid; live ones, recordings, and refusals."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.segments import FileRange, read
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream, Kind
from tests.support.broadcast import FakeBroadcast
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload


async def record(media_store: MediaStore, uid: str, parts: int = 12) -> HlsStream:
    hls_stream = media_store.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(hls_stream, parts)
    hls_stream.finish()
    await hls_stream.saved()
    return hls_stream


async def test_media_store_has_live_stream_until_it_retires_and_then_its_recording(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = await record(media_store, uid)
    assert media_store.find(uid) is hls_stream
    media_store.retire(uid)
    recording = media_store.find(uid)
    assert recording is not hls_stream
    assert recording is media_store.find(uid)
    text = recording.playlist("plain").text
    assert check_media(text) == []
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert recording.playlist("low_latency").text == text
    source = recording.media_now("seg-0.m4s")
    assert isinstance(source, FileRange)
    assert len(read(source)) == source.length


async def test_media_store_followed_stream_ends_unchanged_and_stays(
    media_store: MediaStore, uid: str
) -> None:
    # Given a stream that ended while a player followed it,
    hls_stream = await record(media_store, uid)
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    last = {kind: hls_stream.playlist(kind).text for kind in kinds}
    assert "part-11.m4s" in last["low_latency"]
    # when it has become a recording,
    media_store.retire(uid)
    # then its live address still answers the same, and has all that it lists.
    assert {kind: media_store.followed(uid).playlist(kind).text for kind in kinds} == last
    for number in range(12):
        media_store.followed(uid).media_now(f"part-{number}.m4s")
    # Also after a restart the platform keeps version, target duration and type.
    again = MediaStore(media_store.root, media_store.config)
    for kind in kinds:
        text = again.followed(uid).playlist(kind).text
        assert check_media(text) == check_reload(last[kind], text) == []
        assert again.followed(uid).playlist(kind) is again.followed(uid).playlist(kind)
    assert "PLAYLIST-TYPE:VOD" in again.find(uid).playlist("plain").text
    await again.close()


async def test_media_store_followed_stream_is_released_when_its_playlist_is_over(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = await record(media_store, uid, parts=0)
    media_store.retire(uid)
    assert not media_store.is_followed(uid)
    with pytest.raises(Refused):
        assert media_store.followed(uid) is not hls_stream


async def test_media_store_live_stream_does_not_retire(media_store: MediaStore, uid: str) -> None:
    hls_stream = media_store.begin(uid)
    media_store.retire(uid)
    assert media_store.is_live(uid)
    assert media_store.find(uid) is hls_stream


async def test_media_store_stream_with_media_cannot_begin_again(
    media_store: MediaStore, uid: str
) -> None:
    await record(media_store, uid)
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            media_store.begin(uid)
        assert refusal.value.code == "conflict"
        media_store.retire(uid)


@pytest.mark.parametrize("name", ["", "..", "a" * 31, "A" * 32, "../" + "a" * 29, "a" * 32 + "\n"])
async def test_media_store_invalid_uid_is_not_found(media_store: MediaStore, name: str) -> None:
    for act in (media_store.find, media_store.begin):
        with pytest.raises(Refused) as refusal:
            act(name)
        assert refusal.value.code == "not_found"


async def test_media_store_unknown_uid_may_be_tried_again(media_store: MediaStore) -> None:
    with pytest.raises(Refused) as refusal:
        media_store.find("0" * 32)
    assert refusal.value.code == "not_found"
    assert refusal.value.details["retry_after_seconds"] == 1


async def test_media_store_delete_removes_files_but_never_a_live_stream(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = media_store.begin(uid)
    FakeBroadcast().send(hls_stream, 3)
    with pytest.raises(Refused) as refusal:
        await media_store.delete(uid)
    assert refusal.value.code == "conflict"
    hls_stream.finish()
    await media_store.delete(uid)
    assert not hls_stream.folder.exists()
    with pytest.raises(Refused):
        media_store.find(uid)


async def test_media_store_recordings_in_memory_are_bounded(tmp_path: Path) -> None:
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000, recordings_loaded_max=3))
    uids = [f"{number:032x}" for number in range(6)]
    for uid in uids:
        await record(media_store, uid)
        media_store.retire(uid)
    loaded = [media_store.find(uid) for uid in uids]
    assert media_store.find(uids[5]) is loaded[5]
    assert media_store.find(uids[0]) is not loaded[0]
    await media_store.close()


async def test_media_store_refuses_publishers_near_the_disk_limit(tmp_path: Path) -> None:
    settings = MediaStoreConfig(segment_ms=1000, disk_limit_bytes=20_000, usage_max_age_ms=0)
    media_store = MediaStore(tmp_path, settings)
    media_store.check_room()
    await record(media_store, "a" * 32, parts=20)
    with pytest.raises(Refused) as refusal:
        media_store.check_room()
    assert refusal.value.code == "unavailable"
    assert "--disk-limit" in refusal.value.message
    await media_store.delete("a" * 32)
    media_store.check_room()
    await media_store.close()


async def test_media_store_close_ends_live_streams(tmp_path: Path, uid: str) -> None:
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
    hls_stream = media_store.begin(uid)
    FakeBroadcast().send(hls_stream, 3)
    await media_store.close()
    assert hls_stream.window.is_finished
    assert media_store.find(uid).playlist("plain").is_final


async def test_media_store_streams_have_longer_parts_if_many_are_live(tmp_path: Path) -> None:
    store = MediaStore(tmp_path, MediaStoreConfig(part_ms=100, short_parts_streams_max=2))
    streams = [store.begin(f"{number:032x}") for number in range(3)]
    assert [stream.window.part_ms for stream in streams] == [100, 100, 200]
    # A rendition of a stream is cut where the stream is cut.
    assert store.begin("f" * 32, part_ms=100).window.part_ms == 100
    for number in range(3):
        store.discard(f"{number:032x}")
    assert store.begin(f"{3:032x}").window.part_ms == 100
    # A caller can request longer ones.
    longer = MediaStore(tmp_path, MediaStoreConfig(part_ms=500, short_parts_streams_max=0))
    assert longer.begin(f"{4:032x}").window.part_ms == 500
