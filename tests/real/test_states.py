"""What a publisher does, and what becomes of its stream."""

from collections.abc import Iterator

import pytest

from tests.support.encoders import address_of, film, play, pushing
from tests.support.walk import Walk, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    # Long enough that a new ffmpeg is back in time on a busy machine.
    with platform(reconnect_window_ms=4000) as walk:
        yield walk


def test_a_publisher_back_within_the_window_continues_the_same_playlist(walk: Walk) -> None:
    # Given a live stream whose publisher breaks off,
    stream = walk.create()
    with pushing(address_of(stream)) as push:
        live = walk.until_status(stream, "live")
        walk.until_parts(stream, 8)
        push.kill()
    until(lambda: not walk.ingest(stream)["is_publishing"], "the publisher is gone")
    assert walk.stream(stream)["status"] == "live"

    # when it comes back,
    with pushing(address_of(stream), film(seconds=2), is_endless=False) as push:
        assert push.said() == ""

    # then the stream is the same one, with a discontinuity, and plays through to its end.
    vod = walk.until_vod(stream)
    assert walk.stream(stream)["started_at"] == live["started_at"]
    playlist = walk.media_playlist(stream)
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    assert play(vod["video_url"]).video


def test_a_stream_ends_where_its_media_stopped_when_nobody_comes_back() -> None:
    with platform(reconnect_window_ms=300) as walk:
        stream = walk.create()
        with pushing(address_of(stream), film(seconds=2), is_endless=False) as push:
            assert push.said() == ""

        vod = walk.until_vod(stream)

        ended = walk.stream(stream)
        assert ended["started_at"] < ended["ended_at"] < vod["ready_at"]
        # In the world's time: ffmpeg sends the first half second of a film at once.
        assert 1 < ended["duration_seconds"] < 10
        assert abs(vod["duration"] - 2) < 0.1


def test_end_by_api_tells_the_publisher_and_disconnects_it(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)) as push:
        walk.until_status(stream, "live")

        assert walk.end(stream).json["status"] == "ended"

        assert "ended" in push.said()
        assert push.process.returncode != 0
    assert walk.until_vod(stream)["status"] == "ready"


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("unknown", "not known"),
        ("missing", "missing"),
        ("ended", "ended is final"),
        ("application", "application"),
    ],
)
def test_a_publisher_that_may_not_is_told_why(walk: Walk, case: str, sentence: str) -> None:
    stream = walk.create()
    address = address_of(stream)
    if case == "ended":
        walk.end(stream)
    elif case == "unknown":
        address = f"{stream['rtmp_url']}/live_nobody"
    elif case == "missing":
        address = f"{stream['rtmp_url']}/"
    elif case == "application":
        address = address.replace("/live/", "/other/")

    with pushing(address) as push:
        said = push.said()

    assert push.process.returncode != 0
    assert sentence in said
    assert stream["stream_key"] not in said.replace(address, "")


def test_a_second_publisher_is_refused_while_the_first_is_alive(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)) as first:
        walk.until_status(stream, "live")

        with pushing(address_of(stream)) as second:
            assert "already" in second.said()

        walk.until_parts(stream, 3)
        assert first.process.poll() is None


def test_with_takeover_the_second_publisher_replaces_the_first() -> None:
    with platform(takeover=True) as walk:
        stream = walk.create()
        with pushing(address_of(stream)) as first:
            walk.until_status(stream, "live")
            with pushing(address_of(stream)):
                assert "took over" in first.said()
                walk.until_parts(stream, 3)
                assert walk.stream(stream)["status"] == "live"


def test_an_unsupported_codec_is_named_with_what_to_change(walk: Walk) -> None:
    stream = walk.create()
    source = film(seconds=1, audio="libmp3lame")

    with pushing(address_of(stream), source) as push:
        said = push.said()

    assert "MP3" in said
    assert "AAC" in said
    assert walk.stream(stream)["status"] == "offline"


def test_the_zombie_keeps_its_start_when_its_publisher_comes(walk: Walk) -> None:
    stream = walk.create()
    started = walk.ask("POST", f"/streams/id/{stream['id']}/start").json
    assert walk.get(stream["playback_url"]).status == 404

    with pushing(address_of(stream)):
        walk.until_parts(stream, 2)

    assert walk.stream(stream)["started_at"] == started["started_at"]


def test_a_player_counts_as_a_viewer_and_raises_the_peak(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_first_part(stream)
        walk.until_parts(stream, 1)

        now = walk.stream(stream)

    assert (now["viewer_count"], now["peak_viewers"]) == (1, 1)
    views = walk.get(stream["playback_url"].replace("manifest/video.m3u8", "views")).json
    assert views == {"liveViewers": 1}
