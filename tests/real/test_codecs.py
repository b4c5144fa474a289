"""Every codec and combination of tracks that an encoder may send, up to a player and a VOD."""

from collections.abc import Iterator

import pytest

from tests.support.encoders import H264, address_of, film, play, pushing
from tests.support.live_server import Walk, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(reconnect_window_ms=300) as walk:
        yield walk


B_FRAMES = "libx264 -preset fast -bf 3 -g 30"
HEVC = "libx265 -preset ultrafast -x265-params log-level=none -g 30"
AV1 = "libsvtav1 -preset 12 -g 30 -svtav1-params lp=1"
VP9 = "libvpx-vp9 -deadline realtime -cpu-used 8 -g 30"


@pytest.mark.parametrize(
    ("video", "audio", "codecs"),
    [
        pytest.param(B_FRAMES, "aac", ["avc1.", "mp4a.40.2"], id="h264 with b-frames"),
        pytest.param(HEVC, "aac", ["hvc1.", "mp4a.40.2"], id="hevc"),
        pytest.param(AV1, "aac", ["av01.", "mp4a.40.2"], id="av1"),
        pytest.param(VP9, "aac", ["vp09.", "mp4a.40.2"], id="vp9"),
        pytest.param(H264, "libopus", ["avc1.", "opus"], id="opus"),
        pytest.param(H264, "", ["avc1."], id="video only"),
        pytest.param("", "aac", ["mp4a.40.2"], id="audio only"),
    ],
)
def test_codecs_every_combination_goes_live_plays_and_is_recorded(
    walk: Walk, video: str, audio: str, codecs: list[str]
) -> None:
    stream = walk.create()
    source = film(seconds=3, video=video, audio=audio)

    with pushing(address_of(stream), source, is_endless=False) as push:
        walk.until_status(stream, "live")
        playlist = until(
            lambda: walk.get(f"{stream['playback']['llhls']}&wait=1"), "there is a playlist"
        ).text
        assert push.said() == ""
    vod = walk.until_vod(stream)

    texts = playlist.partition('CODECS="')[2].partition('"')[0].lower().split(",")
    assert len(texts) == len(codecs)
    assert all(one.startswith(start) for one, start in zip(texts, codecs, strict=True))
    played = play(vod["video_url"])
    assert len(played.video) == (90 if video else 0)
    assert bool(played.audio) == bool(audio)
    assert abs(vod["duration"] - 3) < 0.1
