"""HlsStream: blocking requests, wake-ups, names, memory and files."""

import asyncio
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import Refused
from emulator.media.hls.segments import FileRange, Init, read
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream, Kind
from emulator.media.hls.window import Window
from tests.support.broadcast import FakeBroadcast
from tests.support.hls.media_rules import check_media
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse


async def settle() -> None:
    """Let every task run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def content(number: int) -> bytes:
    return b"<part %d>" % number * 100


KINDS: tuple[Kind, ...] = ("multivariant", "multivariant_ll", "plain", "low_latency")


@pytest.mark.parametrize("kind", KINDS)
async def test_hls_stream_is_empty_before_the_first_part(hls_stream: HlsStream, kind: Kind) -> None:
    with pytest.raises(Refused) as refusal:
        hls_stream.playlist(kind)
    assert refusal.value.code == "not_found"
    assert refusal.value.details == {"retry_after_seconds": 1}


async def test_hls_stream_every_playlist_exists_with_the_first_whole_segment(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 5)
    for kind in KINDS:
        with pytest.raises(Refused, match="no media yet"):
            hls_stream.playlist(kind)
    broadcast.send(hls_stream)
    assert "seg-0.m4s" in hls_stream.playlist("low_latency").text
    assert "part-5.m4s" in hls_stream.playlist("low_latency").text
    assert "llhls.m3u8" in hls_stream.playlist("multivariant_ll").text
    assert "seg-0.m4s" in hls_stream.playlist("plain").text
    assert "stream.m3u8" in hls_stream.playlist("multivariant").text


async def test_hls_stream_pause_lists_the_open_segment(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 7)
    waiting = asyncio.create_task(hls_stream.wait_for(1))
    await settle()
    assert not waiting.done()
    hls_stream.pause()
    assert not waiting.done()
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    before = {kind: hls_stream.playlist(kind) for kind in kinds}
    assert parse(before["plain"].text).segments[-1].duration == pytest.approx(0.4)
    assert hls_stream.media_now("seg-1.m4s") == content(5) + content(6)

    # The last frame comes with the end: as a part, and without parts as a separate segment.
    broadcast.send(hls_stream)
    hls_stream.finish()
    await waiting
    for kind, playlist in before.items():
        assert not playlist.is_final
        assert check_media(playlist.text) == []
        after = hls_stream.playlist(kind).text
        assert check_media(after) == check_reload(playlist.text, after) == []
        assert after.endswith("#EXT-X-ENDLIST\n")
        last = parse(after).segments[-1]
        uri = last.parts[-1].uri if last.parts else last.uri
        assert uri == "../media/part-7.m4s"
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in hls_stream.playlist("low_latency").text
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in hls_stream.playlist("plain").text


async def test_hls_stream_recording_of_an_abandoned_one_has_whole_segments(
    hls_stream: HlsStream, broadcast: FakeBroadcast, media_store: MediaStore, uid: str
) -> None:
    broadcast.send(hls_stream, 7)
    hls_stream.pause()
    broadcast.send(hls_stream)
    hls_stream.finish()
    await hls_stream.saved()
    media_store.retire(uid)
    recording = parse(media_store.find(uid).playlist("plain").text)
    lengths = [segment.duration for segment in recording.segments]
    assert lengths == pytest.approx([1.0, 0.6])


async def test_hls_stream_abandoned_in_its_first_segment_plays_to_there(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 3)
    with pytest.raises(Refused):
        hls_stream.playlist("low_latency")
    hls_stream.pause()
    kinds: tuple[Kind, ...] = ("plain", "low_latency")
    for kind in kinds:
        assert [s.uri for s in parse(hls_stream.playlist(kind).text).segments] == [
            "../media/seg-0.m4s"
        ]


async def test_hls_stream_complete_segment_is_listed_before_the_next_begins(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 4)
    broadcast.send(hls_stream, ends_segment=True)
    assert [s.uri for s in parse(hls_stream.playlist("plain").text).segments] == [
        "../media/seg-0.m4s"
    ]
    # A player that opens the playlist now gets only the complete segment: video.js assumes that an
    # open one is as long as the target duration.
    broadcast.send(hls_stream, 2)
    first = hls_stream.playlist("low_latency").text
    assert "part-5.m4s" not in first.replace('PART,URI="../media/part-5.m4s"', "")
    following = hls_stream.playlist("low_latency", msn=1, part=0).text
    assert check_media(first) == check_reload(first, following) == []
    assert 'URI="../media/part-6.m4s"' in following


async def test_hls_stream_part_is_served_after_it_left_the_playlist(
    hls_stream: HlsStream, broadcast: FakeBroadcast, media_store: MediaStore
) -> None:
    # Given a stream whose first parts are no longer in the playlist that lists their segment,
    broadcast.send(hls_stream, 100)
    await media_store.written()
    broadcast.send(hls_stream, 100)
    assert "part-3.m4s" not in hls_stream.playlist("low_latency").text
    # then each can still be loaded, unchanged.
    for number in (0, 3, 4, 5, 99, 199):
        source = hls_stream.media_now(f"part-{number}.m4s")
        assert (source if isinstance(source, bytes) else read(source)) == content(number)


async def test_hls_stream_nobody_asks_for_keeps_only_its_open_segment_in_memory(
    hls_stream: HlsStream, broadcast: FakeBroadcast, media_store: MediaStore
) -> None:
    def in_memory() -> list[int]:
        segments = hls_stream.window.segments
        return [s.msn for s in segments if any(part.content for part in s.parts)]

    broadcast.send(hls_stream, 16)
    await media_store.written()
    broadcast.send(hls_stream)
    assert in_memory() == [3]
    assert read(hls_stream.media_now("seg-2.m4s")) == b"".join(map(content, range(10, 15)))
    # Now a player has loaded it, and will want the next ones, like any periodic reader.
    for expected in ([3, 4], [4, 5], [5, 6], [7], [8]):
        broadcast.send(hls_stream, 4)
        await media_store.written()
        broadcast.send(hls_stream)
        assert in_memory() == expected


async def test_hls_stream_window_is_rendered_once(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 9)
    first = hls_stream.playlist("low_latency")
    assert hls_stream.playlist("low_latency") is first
    broadcast.send(hls_stream)
    second = hls_stream.playlist("low_latency")
    assert second.etag != first.etag
    assert gzip.decompress(second.gzipped) == second.body
    assert second.gzipped is second.gzipped


async def test_hls_stream_thousand_blocked_reloads_wake_from_one_part(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 3)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(hls_stream.wait_for(0, 3)) for _ in range(1000)]
        await settle()
        assert not any(task.done() for task in waiting)
        broadcast.send(hls_stream)


@pytest.mark.parametrize(
    ("msn", "part", "parts_needed"),
    [(0, 0, 0), (0, 2, 0), (0, 3, 1), (0, None, 3), (1, None, 8), (1, 0, 3), (0, 5, 3), (1, 2, 5)],
)
async def test_hls_stream_reload_waits_for_its_part_and_no_longer(
    hls_stream: HlsStream, broadcast: FakeBroadcast, msn: int, part: int | None, parts_needed: int
) -> None:
    # Given three of a segment's five parts,
    broadcast.send(hls_stream, 3)
    waiting = asyncio.create_task(hls_stream.wait_for(msn, part))
    # when parts come one by one,
    for _ in range(parts_needed):
        await settle()
        assert not waiting.done()
        broadcast.send(hls_stream)
    # then the answer comes with the right one (a part after the last is the next segment's first).
    await waiting


@pytest.mark.parametrize(("msn", "part"), [(2, None), (99, 0), (0, 99), (-1, None), (0, -1)])
async def test_hls_stream_reload_too_far_ahead_is_refused(
    hls_stream: HlsStream, broadcast: FakeBroadcast, msn: int, part: int | None
) -> None:
    broadcast.send(hls_stream, 3)
    with pytest.raises(Refused) as refusal:
        await hls_stream.wait_for(msn, part)
    assert refusal.value.code == "bad_request"


async def test_hls_stream_part_number_needs_a_segment_number(hls_stream: HlsStream) -> None:
    with pytest.raises(Refused) as refusal:
        await hls_stream.wait_for(None, 3)
    assert refusal.value.code == "bad_request"
    await hls_stream.wait_for(None)


async def test_hls_stream_reload_of_a_part_that_never_comes_times_out(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream)
    hls_stream.window.target_seconds = 0
    with pytest.raises(Refused) as refusal:
        await hls_stream.wait_for(0, 1)
    assert refusal.value.code == "unavailable"


async def test_hls_stream_end_wakes_every_waiting_reload(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 3)
    reload = asyncio.create_task(hls_stream.wait_for(0, 3))
    hinted = asyncio.create_task(hls_stream.media("part-3.m4s"))
    await settle()
    hls_stream.finish()
    await reload
    with pytest.raises(Refused) as refusal:
        await hinted
    assert refusal.value.code == "not_found"
    assert hls_stream.playlist("low_latency").is_final
    await hls_stream.wait_for(77)


async def test_hls_stream_hinted_part_is_sent_also_over_a_segment_end(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 5)
    hinted = asyncio.create_task(hls_stream.media("part-5.m4s"))
    await settle()
    assert not hinted.done()
    broadcast.send(hls_stream)
    assert await hinted == content(5)
    assert "seg-0.m4s" in hls_stream.playlist("plain").text


async def test_hls_stream_viewer_can_wait_for_the_first_picture(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    waiting = asyncio.create_task(hls_stream.wait_for_first())
    broadcast.send(hls_stream, 5)
    await settle()
    assert not waiting.done()
    broadcast.send(hls_stream)
    await waiting


@pytest.mark.parametrize(
    "name",
    [
        "part-6.m4s",
        "seg-1.m4s",
        "seg-7.m4s",
        "init-1.mp4",
        "init-0.m4s",
        "seg-0.mp4",
        "seg-00.m4s",
        "seg-0.m4s.part",
        "../seg-0.m4s",
        "seg-0.m4s/../index.jsonl",
        "index.jsonl",
        "seg-9999999999999.m4s",
        "seg-\u0660.m4s",
        "",
        "seg-0.m4s\n",
        "default.mp4",
    ],
)
async def test_hls_stream_unknown_name_is_not_found(
    hls_stream: HlsStream, broadcast: FakeBroadcast, name: str
) -> None:
    broadcast.send(hls_stream, 6)
    with pytest.raises(Refused) as refusal:
        hls_stream.media_now(name)
    assert refusal.value.code == "not_found"


@given(name=st.text(max_size=20) | st.from_regex(r"(init|seg|part)-[0-9]{1,12}\.(mp4|m4s)"))
def test_hls_stream_finished_one_serves_its_own_media_or_404_for_any_name(name: str) -> None:
    window = Window(segment_ms=1000, part_ms=200, is_recording=True)
    window.begin(Init(0, "avc1.64001f", 16, 9, 10))
    window.add(b"", start=0, duration=90_000, frames=30, is_independent=True, at_ms=0)
    window.finish()
    hls_stream = HlsStream(Path("/nowhere"), window)
    if name in {"init-0.mp4", "seg-0.m4s", "part-0.m4s"}:
        source = hls_stream.media_now(name)
        assert not isinstance(source, FileRange) or source.path == Path("/nowhere", name)
    else:
        with pytest.raises(Refused, match="no such media"):
            hls_stream.media_now(name)


async def test_hls_stream_serves_fresh_media_from_memory_and_old_media_from_file(
    hls_stream: HlsStream, broadcast: FakeBroadcast, media_store: MediaStore
) -> None:
    # Given twelve segments,
    broadcast.send(hls_stream, 60)
    await media_store.written()
    broadcast.send(hls_stream, 1)
    # when the newest and the oldest are requested,
    newest, oldest = hls_stream.media_now("seg-11.m4s"), hls_stream.media_now("seg-0.m4s")
    # then each has the same bytes, in memory or on the disk.
    assert newest == b"".join(content(number) for number in range(55, 60))
    assert isinstance(oldest, FileRange)
    assert read(oldest) == b"".join(content(number) for number in range(5))
    old_part = hls_stream.media_now("part-40.m4s")
    assert isinstance(old_part, FileRange)
    assert read(old_part) == content(40)
    assert hls_stream.media_now("part-60.m4s") == content(60)


async def test_hls_stream_memory_is_bounded_however_long_it_runs(
    hls_stream: HlsStream, broadcast: FakeBroadcast, media_store: MediaStore
) -> None:
    for _ in range(40):
        broadcast.send(hls_stream, 25)
        await media_store.written()
    held = [
        part for segment in hls_stream.window.segments for part in segment.parts if part.content
    ]
    with_parts = [segment for segment in hls_stream.window.segments if segment.parts]
    assert len(held) <= 25 + 4 * 5
    assert len(with_parts) <= 15
    assert check_media(hls_stream.playlist("low_latency").text) == []


async def test_hls_stream_new_init_segment_begins_a_discontinuity(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 7)
    broadcast.send(hls_stream, 6, is_discontinuity=True)
    assert hls_stream.media_now("init-0.mp4") == b"init before part 0"
    assert hls_stream.media_now("init-1.mp4") == b"init before part 7"
    assert check_media(hls_stream.playlist("low_latency").text) == []


async def test_hls_stream_discontinuity_needs_an_init_segment(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 2)
    with pytest.raises(ValueError, match="init segment first"):
        hls_stream.append(broadcast.part(is_discontinuity=True), b"")


async def test_hls_stream_blocked_reload_is_cacheable_and_the_live_edge_is_not(
    hls_stream: HlsStream, broadcast: FakeBroadcast
) -> None:
    broadcast.send(hls_stream, 8)
    assert hls_stream.playlist("low_latency").max_age_seconds == 0
    assert hls_stream.playlist("low_latency", msn=1, part=2).max_age_seconds == 12
