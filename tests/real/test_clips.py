"""A clip of a stream that a real encoder is publishing, requested as a person would."""

from collections.abc import Iterator

import pytest

from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import Walk, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def test_clip_of_a_live_stream_has_the_requested_duration(walk: Walk) -> None:
    # Given a stream that ffmpeg has been publishing for a few seconds,
    stream = walk.create("Clipped live")
    with pushing(address_of(stream), film(seconds=10), is_endless=False):
        walk.until_status(stream, "live")
        body = {"title": "That was good", "start_time": 0.4, "end_time": 2.1}
        path = f"/streams/{stream['id']}/clips"
        # when a clip of the last seconds is requested,
        result = until(
            lambda: answer.json if (answer := walk.ask("POST", path, body)).status == 201 else None,
            "the stream is long enough",
        )

        # then it is cut while the stream continues.
        def ready() -> str | None:
            clip = walk.ask("GET", f"/streams/clips/{result['id']}").json
            assert clip["status"] in {"processing", "ready"}, clip
            return clip["video_url"] if clip["status"] == "ready" else None

        address = until(ready, "the clip is cut")
        assert walk.stream(stream)["status"] == "live"
    played = play(address)
    assert len(played.video) == 51
    assert played.video[-1] - played.video[0] == pytest.approx(50 / 30, abs=0.01)
    assert played.audio[-1] == pytest.approx(1.7, abs=0.05)
    # A player may ask for a range of the file.
    assert walk.get(address).headers["accept-ranges"] == "bytes"
    # The playlist plays as well.
    playlist = address.replace("downloads/default.mp4", "manifest/video.m3u8")
    assert len(play(playlist).video) == 51
