"""Shelves: one uid, one shelf; live ones, recordings, and what is refused."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.segments import FileRange, read
from emulator.media.hls.store import ShelfSettings, Shelves
from emulator.media.hls.stream import Kind, Shelf
from tests.support.broadcast import FakeBroadcast
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload


async def record(shelves: Shelves, uid: str, parts: int = 12) -> Shelf:
    shelf = shelves.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(shelf, parts)
    shelf.finish()
    await shelf.saved()
    return shelf


async def test_a_live_shelf_is_found_until_it_retires_and_then_its_recording(
    shelves: Shelves, uid: str
) -> None:
    shelf = await record(shelves, uid)
    assert shelves.find(uid) is shelf
    shelves.retire(uid)
    recording = shelves.find(uid)
    assert recording is not shelf
    assert recording is shelves.find(uid)
    text = recording.playlist("plain").text
    assert check_media(text) == []
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert recording.playlist("low_latency").text == text
    source = recording.media_now("seg-0.m4s")
    assert isinstance(source, FileRange)
    assert len(read(source)) == source.length


async def test_what_players_follow_ends_as_it_was_and_stays(shelves: Shelves, uid: str) -> None:
    # Given a stream that ended while it was followed,
    shelf = await record(shelves, uid)
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    last = {kind: shelf.playlist(kind).text for kind in kinds}
    assert "part-11.m4s" in last["low_latency"]
    # when it has become a recording,
    shelves.retire(uid)
    # then the address that it was live at still says the same, and has all that it lists.
    assert {kind: shelves.followed(uid).playlist(kind).text for kind in kinds} == last
    for number in range(12):
        shelves.followed(uid).media_now(f"part-{number}.m4s")
    # Also a platform that was started again keeps version, target duration and type.
    again = Shelves(shelves.root, shelves.settings)
    for kind in kinds:
        text = again.followed(uid).playlist(kind).text
        assert check_media(text) == check_reload(last[kind], text) == []
        assert again.followed(uid).playlist(kind) is again.followed(uid).playlist(kind)
    assert "PLAYLIST-TYPE:VOD" in again.find(uid).playlist("plain").text
    await again.close()


async def test_a_followed_stream_is_let_go_when_its_playlist_is_over(
    shelves: Shelves, uid: str
) -> None:
    shelf = await record(shelves, uid, parts=0)
    shelves.retire(uid)
    assert not shelves.is_followed(uid)
    with pytest.raises(Refused):
        assert shelves.followed(uid) is not shelf


async def test_a_live_stream_does_not_retire(shelves: Shelves, uid: str) -> None:
    shelf = shelves.begin(uid)
    shelves.retire(uid)
    assert shelves.is_live(uid)
    assert shelves.find(uid) is shelf


async def test_a_stream_that_has_media_cannot_begin_again(shelves: Shelves, uid: str) -> None:
    await record(shelves, uid)
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            shelves.begin(uid)
        assert refusal.value.code == "conflict"
        shelves.retire(uid)


@pytest.mark.parametrize("name", ["", "..", "a" * 31, "A" * 32, "../" + "a" * 29, "a" * 32 + "\n"])
async def test_what_is_no_uid_is_not_found(shelves: Shelves, name: str) -> None:
    for act in (shelves.find, shelves.begin):
        with pytest.raises(Refused) as refusal:
            act(name)
        assert refusal.value.code == "not_found"


async def test_an_unknown_uid_is_worth_another_try(shelves: Shelves) -> None:
    with pytest.raises(Refused) as refusal:
        shelves.find("0" * 32)
    assert refusal.value.code == "not_found"
    assert refusal.value.details["retry_after_seconds"] == 1


async def test_deleting_removes_the_files_but_never_a_live_stream(
    shelves: Shelves, uid: str
) -> None:
    shelf = shelves.begin(uid)
    FakeBroadcast().send(shelf, 3)
    with pytest.raises(Refused) as refusal:
        await shelves.delete(uid)
    assert refusal.value.code == "conflict"
    shelf.finish()
    await shelves.delete(uid)
    assert not shelf.folder.exists()
    with pytest.raises(Refused):
        shelves.find(uid)


async def test_few_recordings_stay_in_memory(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path, ShelfSettings(segment_ms=1000, recordings_loaded_max=3))
    uids = [f"{number:032x}" for number in range(6)]
    for uid in uids:
        await record(shelves, uid)
        shelves.retire(uid)
    loaded = [shelves.find(uid) for uid in uids]
    assert shelves.find(uids[5]) is loaded[5]
    assert shelves.find(uids[0]) is not loaded[0]
    await shelves.close()


async def test_publishers_are_refused_when_the_limit_is_nearly_reached(tmp_path: Path) -> None:
    settings = ShelfSettings(segment_ms=1000, disk_limit_bytes=20_000, usage_max_age_ms=0)
    shelves = Shelves(tmp_path, settings)
    shelves.check_room()
    await record(shelves, "a" * 32, parts=20)
    with pytest.raises(Refused) as refusal:
        shelves.check_room()
    assert refusal.value.code == "unavailable"
    assert "--disk-limit" in refusal.value.sentence
    await shelves.delete("a" * 32)
    shelves.check_room()
    await shelves.close()


async def test_the_end_of_everything_ends_what_is_live(tmp_path: Path, uid: str) -> None:
    shelves = Shelves(tmp_path, ShelfSettings(segment_ms=1000))
    shelf = shelves.begin(uid)
    FakeBroadcast().send(shelf, 3)
    await shelves.close()
    assert shelf.window.is_finished
    assert shelves.find(uid).playlist("plain").is_final
