"""Tracks that start late, stop or are missing, as players show them, from ffmpeg to Chromium."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from emulator.media.ingest.tag import Tag
from tests.support.browser import Chromium
from tests.support.encoders import film, play
from tests.support.hls.media_rules import check_media
from tests.support.live_server import Walk, platform, until
from tests.support.tag_publisher import replaying, tags_of

HOLE_SECONDS_MAX = 0.25
WINDOW_SECONDS = 60

# Plays a recording at four times its speed, and returns the ranges and the end of its player.
PLAY = """async () => {
  video.muted = true;
  video.currentTime = 0;
  video.playbackRate = 4;
  await video.play();
  await new Promise((resolve, reject) => {
    video.onended = resolve;
    video.onerror = () => reject(new Error(video.error.message));
  });
  const ranges = [];
  for (let n = 0; n < video.buffered.length; n++) {
    ranges.push([video.buffered.start(n), video.buffered.end(n)]);
  }
  return { at: video.currentTime, ranges };
}"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(reconnect_window_ms=WINDOW_SECONDS * 1000) as walk:
        yield walk


def tags(*, seconds: float, picture: range, sound: range) -> list[Tag]:
    """A film with media only in these ranges of milliseconds; no header for an empty one."""
    spans = {"video": picture, "audio": sound}
    return [
        tag
        for tag in tags_of(film(seconds=seconds))
        if (span := spans.get(tag.kind)) is not None
        and len(span)
        and (tag.payload[1] == 0 or tag.timestamp_ms in span)
    ]


def late(tags: list[Tag], kind: str, at_ms: int) -> list[Tag]:
    """A film whose header of one kind comes no earlier than that kind's first frame."""
    header = next(tag for tag in tags if tag.kind == kind and tag.payload[1] == 0)
    others = [tag for tag in tags if tag is not header]
    place = next(
        number
        for number, tag in enumerate(others)
        if tag.kind == kind and tag.timestamp_ms >= at_ms
    )
    return [*others[:place], replace(header, timestamp_ms=at_ms), *others[place:]]


def published(walk: Walk, *publishes: list[Tag]) -> dict[str, Any]:
    """A stream with these publishers, one after the other; its VOD is ready."""
    stream = walk.create()
    for number, sent in enumerate(publishes):
        with replaying(stream["rtmp_url"], stream["stream_key"]) as replay:
            replay.send(sent)
            walk.until_status(stream, "live")
            if number == len(publishes) - 1:
                replay.finish()
    walk.pass_window(stream, WINDOW_SECONDS)
    return stream | {"vod": walk.until_vod(stream)}


def longest_gap(times: list[float]) -> float:
    return max(after - before for before, after in pairwise(times))


ALL, NONE = range(10_000), range(0)
# The publishers' films, one after the other, and the duration of the result.
CHANGES: dict[str, tuple[Callable[[], list[list[Tag]]], float]] = {
    "sound stops": (lambda: [tags(seconds=4, picture=ALL, sound=range(2000))], 4),
    "picture stops": (lambda: [tags(seconds=4, picture=range(2000), sound=ALL)], 4),
    "sound comes 100 ms later": (
        lambda: [late(tags(seconds=4, picture=ALL, sound=range(100, 4000)), "audio", 100)],
        4,
    ),
    "picture comes 2 s later": (
        lambda: [late(tags(seconds=4, picture=range(2000, 4000), sound=ALL), "video", 2000)],
        2,
    ),
    "each publisher with less": (
        lambda: [
            tags(seconds=2, picture=ALL, sound=ALL),
            tags(seconds=2, picture=ALL, sound=NONE),
            tags(seconds=2, picture=NONE, sound=ALL),
        ],
        6,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_track_changes_audio_and_video_go_on_to_the_end_for_any_input(
    walk: Walk, name: str
) -> None:
    publishes, seconds = CHANGES[name]
    vod = published(walk, *publishes())["vod"]
    assert vod["duration"] == pytest.approx(seconds, abs=0.3)
    for address in (vod["video_url"], vod["mp4_url"]):
        played = play(address)
        for times in (played.video, played.audio):
            assert times[0] == pytest.approx(0, abs=0.05)
            assert times[-1] == pytest.approx(seconds, abs=0.35)
            assert longest_gap(times) <= HOLE_SECONDS_MAX


def test_track_changes_late_audio_is_left_out_and_the_owner_is_notified(walk: Walk) -> None:
    stream = walk.create()
    for sound in (NONE, ALL):
        with replaying(stream["rtmp_url"], stream["stream_key"]) as replay:
            replay.send(tags(seconds=2, picture=ALL, sound=sound))
            walk.until_status(stream, "live")
            if sound is ALL:
                until(
                    lambda: "sends sound now" in str(walk.ingest(stream)),
                    "the health has the warning",
                )
                assert check_media(walk.media_playlist(stream, "llhls")) == []
                replay.finish()
    walk.pass_window(stream, WINDOW_SECONDS)
    played = play(walk.until_vod(stream)["video_url"])
    assert len(played.video) == 120
    assert played.audio == []


async def test_track_changes_recording_with_interrupted_tracks_plays_in_a_browser(
    walk: Walk, chromium: Chromium
) -> None:
    # Given sound that stops, a publisher that brings none, and one whose picture stops,
    stream = published(
        walk,
        tags(seconds=4, picture=ALL, sound=range(2500)),
        tags(seconds=2, picture=ALL, sound=NONE),
        tags(seconds=4, picture=range(1500), sound=ALL),
    )
    # when Chromium plays it from its start,
    uid = stream["cloudflare_stream_id"]
    tab = await chromium.open(f"{walk.ready['http']}/{uid}/watch")
    await tab.until("player.state === 'recording' || player.state === 'ended'")
    if await tab.player("state") == "ended":
        await tab.page.click("text=Watch from the start")
        await tab.until("player.state === 'recording'")
    payload = await tab.page.evaluate(PLAY)
    # then it comes to the end without a gap in which it would have to wait.
    assert payload["at"] == pytest.approx(10, abs=0.3), json.dumps(payload)
    assert len(payload["ranges"]) == 1, json.dumps(payload)
    assert payload["ranges"][0][0] <= 0.1
    assert tab.complaints == []
