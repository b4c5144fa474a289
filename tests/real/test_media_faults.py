"""Faults of playback, publishing and recordings, with real players and real encoders."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.support.encoders import BUNDLED, Player, address_of, play, pushing
from tests.support.hls.text import parse
from tests.support.live_server import Walk, platform, until


@pytest.fixture
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def start(walk: Walk, **written: Any) -> str:
    """Start a fault; `media_stall` stands for `media.stall`. Returns the fault's id."""
    body = {name.replace("_", "."): value for name, value in written.items()}
    answer = walk.ask("POST", f"{walk.ready['admin']}/faults", body)
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def clear(walk: Walk) -> None:
    assert walk.ask("DELETE", f"{walk.ready['admin']}/faults").status == 200


def events(walk: Walk, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = walk.get(
        f"{walk.ready['admin']}/events?limit=1000&kind={kind}"
    ).json["events"]
    return [item["values"] for item in rows]


def segments_of(walk: Walk, stream: dict[str, Any]) -> list[str]:
    base = urljoin(stream["playback_url"], "stream.m3u8")
    return [
        urljoin(base, str(segment.uri)) for segment in parse(walk.media_playlist(stream)).segments
    ]


def test_media_faults_stalled_player_recovers(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        # Given a player that plays six seconds of a live stream,
        walk.until_parts(stream, 6)
        until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
        with Player(stream["playback_url"], "-t", "6") as player:
            start(walk, media_stall={"stream": stream["id"]})
            # when its playlist stalls, although new parts arrive,
            stalled = walk.media_playlist(stream)
            until(lambda: len(events(walk, "FaultStruck")) >= 5, "the fault strikes the player")
            assert walk.media_playlist(stream) == stalled
            clear(walk)
            # then the playlist catches up, and the player shows all of it.
            until(lambda: walk.media_playlist(stream) != stalled, "the playlist goes on")
            assert len(player.result().video) == 180


def test_media_faults_blocking_reload_waits_until_the_stall_is_over(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
        start(walk, media_stall={}, **{"for": "700ms"})
        last = segments_of(walk, stream)[-1]
        number = int(last.rpartition("seg-")[2].partition(".")[0])
        address = urljoin(stream["playback_url"], "llhls.m3u8")
        answer = walk.get(f"{address}?_HLS_msn={number + 2}")
        assert answer.status == 200
        assert f"seg-{number + 2}.m4s" in answer.text
        assert not walk.get(f"{walk.ready['admin']}/faults").json["faults"]


def test_media_faults_media_is_missing_truncated_and_slow(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
        (segment, *_) = segments_of(walk, stream)
        whole = walk.get(segment).body

        start(walk, media_missing={"what": "segment"}, times=1)
        missing = walk.get(segment)
        assert (missing.status, missing.headers["X-Emulator-Fault"]) == (
            404,
            "fault-1 media.missing",
        )
        assert walk.get(segment).body == whole

        start(walk, media_truncate={"keep": "25%"}, times=1)
        assert walk.get(segment).body == whole[: len(whole) // 4]
        assert walk.get(segment).body == whole

        start(walk, media_slow={"kbits": 4 * len(whole) * 8 // 1000}, times=1)
        slow = walk.get(segment)
        assert slow.body == whole
        assert slow.headers["Cache-Control"] == "no-store"
        assert [event["kind"] for event in events(walk, "FaultStruck")] == [
            "media.missing",
            "media.truncate",
            "media.slow",
        ]


def test_media_faults_publisher_is_cut_and_its_stream_continues_at_its_return() -> None:
    # A reconnect window long enough for an encoder's restart on a busy machine.
    with platform(reconnect_window_ms=60_000) as walk:
        stream = walk.create()
        with pushing(address_of(stream)) as push:
            walk.until_parts(stream, 3)
            start(walk, ingest_cut={"stream": stream["id"]}, times=1)
            assert push.said()
            (left,) = events(walk, "PublisherLeft")
            assert "fault" in left["reason"]
        with pushing(address_of(stream)):
            walk.until_parts(stream, 3)
            assert walk.stream(stream)["status"] == "live"
        assert "#EXT-X-DISCONTINUITY" in walk.media_playlist(stream)


def test_media_faults_publisher_arriving_during_a_cut_is_cut_too(walk: Walk) -> None:
    stream = walk.create()
    start(walk, ingest_cut={"after": "300ms"})
    with pushing(address_of(stream)) as push:
        assert push.said()
    assert [event["kind"] for event in events(walk, "FaultStruck")] == ["ingest.cut"]


def test_media_faults_publisher_is_refused_until_the_fault_is_over(walk: Walk) -> None:
    stream = walk.create()
    start(walk, ingest_refuse={})
    with pushing(address_of(stream)) as push:
        push.said()
        assert push.process.returncode
    (refused,) = events(walk, "PublishRefused")
    assert "accepts no publishers" in refused["message"]
    assert walk.stream(stream)["status"] == "offline"
    clear(walk)
    with pushing(address_of(stream)):
        walk.until_status(stream, "live")


def test_media_faults_throttled_publisher_is_read_slowly(
    walk: Walk,
) -> None:
    # Given a film of four seconds that a publisher sends as fast as the server reads,
    stream = walk.create()
    start(walk, ingest_throttle={"kbits": 160})
    with pushing(address_of(stream), is_endless=False, is_paced=False) as push:
        # when it has sent everything, then most of it is still on the way,
        push.said()
        assert events(walk, "FaultStruck")
        assert walk.ingest(stream)["is_publishing"]
        clear(walk)
    # and all of it arrives once the fault is over.
    assert walk.until_vod(stream)["duration"] >= 3.9


def test_media_faults_failed_vod_and_slow_vod(walk: Walk) -> None:
    failing, slow = walk.create("Failing"), walk.create("Slow")
    start(walk, vod_fail={"stream": failing["id"], "reason": "The encoder caught fire."})
    start(walk, vod_slow={"stream": slow["id"], "delay": "600ms"})
    for stream in (failing, slow):
        with pushing(address_of(stream), is_endless=False, is_paced=False):
            walk.until_status(stream, "ended")

    vod_id = walk.stream(failing)["vod_id"]
    until(
        lambda: walk.ask("GET", f"/streams/vods/{vod_id}").json["status"] == "failed",
        "the VOD has failed",
    )
    (failed,) = events(walk, "VodFailed")
    assert failed["reason"] == "The encoder caught fire."
    ready = walk.until_vod(slow)
    assert len(play(ready["video_url"], by=BUNDLED).video) == 120
