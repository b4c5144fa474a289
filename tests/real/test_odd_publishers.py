"""Encoders with unusual clocks and sockets, up to a player and a VOD."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from emulator.media.ingest.flv import COMPOSITION_WARNING
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.rtmp_client import Accepted
from tests.support.encoders import address_of, film, play, pushing
from tests.support.hls.media_rules import check_media
from tests.support.live_server import Walk, platform, until
from tests.support.tag_publisher import Replay, replaying, tags_of

SECONDS = 4
FRAMES = 30 * SECONDS
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
# A frame is 33 or 34 ms on the wire; where a clock jumps, the last duration is a guess.
FRAME_SECONDS_MAX = 0.051


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(reconnect_window_ms=200) as walk:
        yield walk


@pytest.fixture(scope="module")
def patient() -> Iterator[Walk]:
    """A platform whose reconnect window is longer than any machine needs."""
    with platform(reconnect_window_ms=60_000) as walk:
        yield walk


def retimed(tags: list[Tag], clock: Callable[[int], int]) -> Iterator[Tag]:
    """These tags with other time stamps. Headers keep their 0, as encoders send them."""
    for tag in tags:
        is_header = tag.kind == "script" or tag.payload[1] == 0
        yield tag if is_header else replace(tag, timestamp_ms=clock(tag.timestamp_ms))


@pytest.mark.parametrize(
    ("clock", "breaks"),
    [
        pytest.param(lambda ms: ms + 30 * DAY_MS, 0, id="starts after a month"),
        pytest.param(lambda ms: (ms + 2**32 - 2000) % 2**32, 0, id="wraps at 32 bits"),
        pytest.param(lambda ms: (ms + 2**31 - 2000) % 2**31, 0, id="wraps at 31 bits"),
        pytest.param(lambda ms: ms if ms < 2000 else ms - 80, 0, id="steps back a little"),
        pytest.param(lambda ms: ms if ms < 2000 else ms + HOUR_MS, 1, id="jumps an hour"),
        pytest.param(lambda ms: ms if ms < 2000 else ms - 2000, 1, id="begins again"),
    ],
)
def test_odd_publishers_play_every_frame_in_order_for_any_encoder_clock(
    walk: Walk, clock: Callable[[int], int], breaks: int
) -> None:
    # Given a publisher with unusual time stamps,
    stream = walk.create()
    with replaying(stream["rtmp_url"], stream["stream_key"]) as replay:
        replay.send(retimed(tags_of(film(seconds=SECONDS)), clock))
        walk.until_status(stream, "live")
        assert check_media(walk.media_playlist(stream, "llhls")) == []
        replay.finish()

    # when its stream is over, the VOD is as long as the shown media,
    vod = walk.until_vod(stream)
    assert abs(vod["duration"] - SECONDS) < 0.15
    for name in ("stream", "llhls"):
        playlist = walk.media_playlist(stream, name)
        assert check_media(playlist) == []
        assert playlist.count("#EXT-X-DISCONTINUITY\n") == breaks

    # and a player shows every picture, one after the other, in time.
    for address in (vod["video_url"], vod["mp4_url"]):
        played = play(address)
        steps = [after - before for before, after in pairwise(played.video)]
        assert len(played.video) == FRAMES
        assert all(0 <= step <= FRAME_SECONDS_MAX for step in steps), (min(steps), max(steps))
        assert played.audio == sorted(played.audio)


def test_odd_publishers_absurd_composition_time_displaces_no_picture(walk: Walk) -> None:
    # Given a publisher whose seventieth picture says that it is shown 8,388 s after its decoding,
    stream = walk.create()
    tags = tags_of(film(seconds=SECONDS))
    coded = [n for n, tag in enumerate(tags) if tag.kind == "video" and tag.payload[1] == 1]
    absurd = tags[coded[69]]
    payload = absurd.payload[:2] + b"\x7f\xff\xff" + absurd.payload[5:]
    tags[coded[69]] = replace(absurd, payload=payload)
    with replaying(stream["rtmp_url"], stream["stream_key"]) as replay:
        replay.send(tags)
        until(
            lambda: COMPOSITION_WARNING in walk.ingest(stream)["warnings"],
            "the stream's health warns of it",
        )
        replay.finish()

    # then a player shows every picture of the VOD, one after the other, in time.
    vod = walk.until_vod(stream)
    assert abs(vod["duration"] - SECONDS) < 0.15
    for address in (vod["video_url"], vod["mp4_url"]):
        played = play(address)
        assert len(played.video) == FRAMES
        steps = [after - before for before, after in pairwise(played.video)]
        assert 0 < min(steps) <= max(steps) < FRAME_SECONDS_MAX


def test_odd_publishers_sending_one_byte_at_a_time_are_accepted(walk: Walk) -> None:
    played = []
    for piece_bytes in (0, 1):
        stream = walk.create()
        with replaying(stream["rtmp_url"], stream["stream_key"], piece_bytes) as replay:
            replay.send(tags_of(film(seconds=1, size="160x90")))
            walk.until_status(stream, "live")
            replay.finish()
        played.append(play(walk.until_vod(stream)["video_url"]))

    assert played[0] == played[1]
    assert len(played[0].video) == 30


def say_close_notify(replay: Replay) -> None:
    """Send the TLS close notification but leave the connection open, to wait for the server's."""
    plug: Any = replay.plug
    plug.setblocking(False)
    try:
        plug.unwrap()
    except ssl.SSLWantReadError:
        return


def reset(replay: Replay) -> None:
    replay.plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    replay.plug.close()


def hang_up(replay: Replay) -> None:
    replay.plug.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(
    ("protocol", "leave"),
    [
        *(("rtmp", leave) for leave in (Replay.finish, hang_up, reset)),
        *(("rtmps", leave) for leave in (Replay.finish, hang_up, reset, say_close_notify)),
    ],
)
def test_odd_publishers_may_return_at_once(
    patient: Walk, protocol: str, leave: Callable[[Replay], None]
) -> None:
    tags = tags_of(film(seconds=1, size="160x90"))
    stream = patient.create()
    context = (
        ssl.create_default_context(cafile=patient.ready["ca"]) if protocol == "rtmps" else None
    )
    for _ in range(10):
        replay = Replay(stream[f"{protocol}_url"], stream["stream_key"], context=context)
        with replay.plug:
            assert isinstance(replay.publish(), Accepted)
            replay.send(tags)
            leave(replay)
    assert patient.end(stream).status == 200


@pytest.mark.parametrize(
    ("codecs", "message"),
    [
        ("-c:v copy -c:a pcm_mulaw -ar 8000", "With ffmpeg: -c:a aac."),
        ("-c:v copy -c:a adpcm_swf -ar 44100", "With ffmpeg: -c:a aac."),
        ("-c:v flv1 -c:a copy", "With ffmpeg: -c:v libx264"),
    ],
)
def test_odd_publishers_refused_codec_names_the_encoder_setting(
    walk: Walk, codecs: str, message: str
) -> None:
    stream = walk.create()
    with pushing(address_of(stream), codecs=tuple(codecs.split())) as push:
        assert message in push.said()
    assert walk.stream(stream)["status"] == "offline"
    with pushing(address_of(stream)):
        walk.until_status(stream, "live")


def test_odd_publishers_rtmp_without_tls_on_the_tls_port_gets_a_message(walk: Walk) -> None:
    stream = walk.create()
    address = address_of(stream, "rtmps").replace("rtmps://", "rtmp://")
    with pushing(address) as push:
        assert "The RTMPS port takes TLS only: use rtmps://" in push.said()
