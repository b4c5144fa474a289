"""A stream's states with real publishers: drops and returns, ends, and refused keys."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.encoders import BOTH, Player, address_of, film, play, pushing
from tests.support.live_server import Walk, platform, until
from tests.support.tag_publisher import replaying, tags_of


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    """A platform with a reconnect window long enough for an encoder's restart on a busy machine."""
    with platform(reconnect_window_ms=60_000, viewer_gone_ms=60_000, media_wait_ms=5000) as walk:
        yield walk


@pytest.mark.parametrize("by", BOTH)
def test_stream_state_stays_live_when_the_publisher_returns_in_time(walk: Walk, by: str) -> None:
    # Given a live stream that a player plays,
    stream = walk.create()
    with ExitStack() as running:
        push = running.enter_context(pushing(address_of(stream), by=by))
        walk.until_parts(stream, 6)
        start = f"{stream['playback_url']}?wait=1"
        player = running.enter_context(Player(start, "-live_start_index", "0", by=by))
        # when its publisher crashes
        push.kill()
        until(lambda: not walk.ingest(stream)["is_publishing"], "the drop is noticed")
        assert walk.stream(stream)["status"] == "live"
        before = walk.media_playlist(stream, "llhls")
        assert "#EXT-X-ENDLIST" not in before

        # and is back within the window, even with a larger picture, and then stops,
        larger = film(seconds=2, size="640x360")
        with pushing(address_of(stream), larger, by=by, is_endless=False) as push:
            assert push.said() == ""
            assert walk.ingest(stream)["rejoins"] == 1
            assert walk.stream(stream)["status"] == "live"
        walk.pass_window(stream, 60)
        watched = player.result()

    # then it was one stream all the time, and the player saw both halves of it.
    ended = walk.until_status(stream, "ended")
    after = walk.media_playlist(stream)
    assert after.count("#EXT-X-DISCONTINUITY\n") == 1
    assert after.startswith("#EXTM3U")
    assert "#EXT-X-MEDIA-SEQUENCE:0" in after
    assert "../media/seg-0.m4s" in before
    assert ended["started_at"] == walk.stream(stream)["started_at"]
    vod = walk.until_vod(stream)
    assert len(watched.video) == len(play(vod["video_url"]).video) >= 60 + 30
    assert vod["duration"] == pytest.approx(len(watched.video) / 30, abs=0.2)


def test_stream_state_is_ended_when_the_publisher_stays_away(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)) as push:
        walk.until_first_part(stream)
        push.kill()

    walk.pass_window(stream, 59)
    assert walk.stream(stream)["status"] == "live"
    walk.pass_time(1)
    walk.until_status(stream, "ended")

    assert walk.until_vod(stream)["duration"] > 0
    with pushing(address_of(stream)) as push:
        assert "This stream has ended, and ended is final." in push.said()


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize("protocol", ["rtmp", "rtmps"])
def test_stream_state_ended_by_api_disconnects_the_publisher_with_the_reason(
    walk: Walk, by: str, protocol: str
) -> None:
    stream = walk.create()
    options = ("-ca_file", walk.ready["ca"]) if protocol == "rtmps" else ()
    with pushing(address_of(stream, protocol), by=by, options=options) as push:
        walk.until_first_part(stream)

        answer = walk.end(stream)

        assert (answer.status, answer.json["status"]) == (200, "ended")
        said = push.said()
        assert push.process.returncode != 0
        assert "The stream has ended" in said
    assert walk.until_vod(stream)["duration"] > 0
    assert walk.end(stream).status == 409


REFUSALS = {
    "unknown": "This stream key is unknown.",
    "missing": "The stream key is missing",
    "application": "Unknown application",
    "ended": "This stream has ended, and ended is final.",
    "used": "Somebody is publishing with this key already.",
}


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize("why", REFUSALS)
def test_stream_state_refused_key_has_a_message_that_ffmpeg_shows(
    walk: Walk, by: str, why: str
) -> None:
    stream = walk.create()
    address = {
        "unknown": f"{walk.ready['rtmp']}/live_nobodyhasthiskey",
        "missing": walk.ready["rtmp"],
        "application": address_of(stream).replace("/live/", "/watch/"),
    }.get(why, address_of(stream))
    if why == "ended":
        walk.end(stream)
    with ExitStack() as others:
        if why == "used":
            others.enter_context(replaying(stream["rtmp_url"], stream["stream_key"]))
        with pushing(address, by=by) as push:
            said = push.said()

    assert push.process.returncode != 0
    assert REFUSALS[why] in said
    assert walk.stream(stream)["started_at"] is None
    walk.ask("POST", f"/streams/{stream['id']}/end")


def test_stream_state_second_publisher_is_refused_and_the_first_continues(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_first_part(stream)

        with pushing(address_of(stream)) as second:
            assert REFUSALS["used"] in second.said()

        playlist = walk.until_parts(stream, 3)
        assert "#EXT-X-DISCONTINUITY\n" not in playlist
    walk.end(stream)


@pytest.mark.parametrize(
    ("by", "codecs", "name"),
    [
        ("bundled", "-c:v copy -c:a libmp3lame -ar 44100", "MP3"),
        ("system", "-c:v copy -c:a libmp3lame -ar 44100", "MP3"),
        ("system", "-c:v flv -c:a copy", "Sorenson"),
        ("bundled", "-c:v copy -c:a flac -sample_fmt s16", "FLAC"),
        ("bundled", "-c:v copy -c:a ac3", "AC-3"),
    ],
)
def test_stream_state_unsupported_codec_is_refused_by_its_name(
    walk: Walk, by: str, codecs: str, name: str
) -> None:
    stream = walk.create()

    with pushing(address_of(stream), by=by, codecs=tuple(codecs.split())) as push:
        said = push.said()

    assert push.process.returncode != 0
    assert name.lower() in said.lower()
    walk.end(stream)


def test_stream_state_started_by_api_is_live_before_its_publisher_comes() -> None:
    # Given a stream that was started by the API, with nothing to play,
    with platform(media_wait_ms=500) as walk:
        stream = walk.create()
        started = walk.ask("POST", f"/streams/id/{stream['id']}/start")
        assert started.json["status"] == "live", started.text
        nothing_yet = walk.get(stream["playback_url"])
        assert (nothing_yet.status, nothing_yet.headers["Retry-After"]) == (503, "1")

        # when its publisher comes, then it has been live since it was started,
        with pushing(address_of(stream)):
            walk.until_first_part(stream)
            live = walk.stream(stream)
            assert (live["status"], live["started_at"]) == ("live", started.json["started_at"])

        # and it ends like any other when the publisher goes.
        walk.until_status(stream, "ended")
        assert walk.until_vod(stream)["duration"] > 0


def test_stream_state_live_has_a_thumbnail_as_soon_as_there_is_media(walk: Walk) -> None:
    stream = walk.create()
    tags = tags_of(film())
    key_frame = next(n for n, tag in enumerate(tags) if tag.kind == "video" and tag.payload[1] == 1)

    with (
        replaying(stream["rtmp_url"], stream["stream_key"]) as replay,
        ThreadPoolExecutor() as pool,
    ):
        replay.send(tags[: key_frame + 1])
        walk.until_status(stream, "live")
        thumbnail = pool.submit(walk.get, stream["playback"]["thumbnail"])
        for _ in range(5):
            assert walk.stream(stream)["status"] == "live"
        replay.send(tags[key_frame + 1 :])
        assert thumbnail.result().status == 200
    walk.end(stream)


def test_stream_state_stays_offline_without_a_key_frame(
    walk: Walk,
) -> None:
    stream = walk.create()
    headers = [tag for tag in tags_of(film()) if tag.timestamp_ms == 0][:3]

    with replaying(stream["rtmp_url"], stream["stream_key"]) as replay:
        replay.send(tag for tag in headers if tag.kind == "script" or tag.payload[1] == 0)
        until(lambda: walk.ingest(stream)["is_publishing"], "it publishes")
    until(lambda: not walk.ingest(stream)["is_publishing"], "it is gone")

    assert walk.stream(stream)["status"] == "offline"
    # The key is still valid.
    with pushing(address_of(stream)):
        walk.until_status(stream, "live")
    walk.end(stream)


def test_viewers_are_counted_while_they_watch(walk: Walk) -> None:
    stream = walk.create()
    with ExitStack() as running:
        running.enter_context(pushing(address_of(stream)))
        walk.until_first_part(stream)
        assert walk.stream(stream)["viewer_count"] <= 1  # The request above counted as a viewer's.

        # The plain playlist lists complete segments, and so begins later than the parts do.
        start = f"{stream['playback_url']}?wait=1"
        players = [
            running.enter_context(Player(start, "-user_agent", name)) for name in ("one", "two")
        ]
        views = stream["playback"]["whep"].replace("webRTC/play", "views")
        watched = until(
            lambda: (
                now
                if (now := walk.stream(stream))["viewer_count"] >= 2
                and walk.get(views).json == {"liveViewers": now["viewer_count"]}
                else None
            ),
            "two viewers are counted, and both addresses say so",
        )
        assert watched["peak_viewers"] >= 2
        walk.end(stream)
        for player in players:
            assert player.result().video

    ended = walk.stream(stream)
    assert ended["viewer_count"] == 0
    assert ended["peak_viewers"] >= 2


def test_viewers_without_requests_are_no_longer_counted(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_first_part(stream)
        assert play(stream["playback_url"] + "?wait=1", "-t", "0.2").video
        until(lambda: walk.stream(stream)["viewer_count"] > 0, "the viewer is counted")
        walk.pass_time(60)
        until(lambda: walk.stream(stream)["viewer_count"] == 0, "the viewer no longer counts")
        assert walk.stream(stream)["peak_viewers"] >= 1
    walk.end(stream)


def test_stream_state_takeover_replaces_the_first_publisher() -> None:
    with platform(takeover=True) as walk:
        stream = walk.create()
        with pushing(address_of(stream)) as first:
            walk.until_parts(stream, 3)
            with pushing(address_of(stream), film(seconds=2), is_endless=False) as second:
                assert "Another publisher took over with the same key." in first.said()
                assert second.said() == ""
        vod = walk.until_vod(stream)

        playlist = walk.media_playlist(stream)
        assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
        assert len(play(vod["video_url"]).video) >= 60
