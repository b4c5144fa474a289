"""The main job with real clients: quick start, publish, live, watch, stop, ended, VOD."""

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import av
import pytest

from tests.support.encoders import (
    BOTH,
    BUNDLED,
    address_of,
    ffmpeg,
    film,
    play,
    pushing,
)
from tests.support.live_server import Walk, platform, seconds_in, until
from tests.support.required_programs import need
from tests.support.tables import table

FRAME_SECONDS = 1 / 30
# No test waits so long for one of these.
WINDOW_SECONDS = 3600
PROCESSING_SECONDS = 3600
CDN = "/customer-emulator.cloudflarestream.com"


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    windows = {
        "vod_processing_ms": PROCESSING_SECONDS * 1000,
        "reconnect_window_ms": WINDOW_SECONDS * 1000,
    }
    with platform(**windows) as walk:
        yield walk


def processed_vod(walk: Walk, stream: dict[str, Any]) -> dict[str, Any]:
    """The VOD of an ended stream, once it is ready."""
    walk.pass_time(PROCESSING_SECONDS)
    return walk.until_vod(stream)


def protocols(walk: Walk, stream: dict[str, Any]) -> list[str]:
    """The protocols of a stream's publishers, also after they have gone."""
    address = f"{walk.ready['admin']}/events?limit=1000&kind=PublisherJoined"
    events = [item["values"] for item in walk.get(address).json["events"]]
    return [event["protocol"] for event in events if event["stream_id"] == stream["id"]]


def quick_start(walk: Walk) -> dict[str, Any]:
    """The platform's documented command, with only the base address changed."""
    (category, *_) = walk.ask("GET", "/streams/categories").json
    body = {
        "title": "My First Stream",
        "description": "Live coding session",
        "category_id": category["id"],
    }
    if not (curl := shutil.which("curl")):
        return cast("dict[str, Any]", walk.ask("POST", "/streams/", body).json)
    command = [curl, "-sS", "-X", "POST", f"{walk.ready['http']}/api/v1/streams/"]
    command += ["-H", f"Authorization: Bearer {walk.ready['api_key']}"]
    command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    data = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return cast("dict[str, Any]", json.loads(data))


def instant(text: str) -> float:
    """Seconds since 1970 of a time in the platform's form."""
    return datetime.fromisoformat(text).timestamp()


# The documented way to trust the emulator: every ffmpeg accepts the option, and verifies with it.
def trusting(walk: Walk) -> tuple[str, ...]:
    return ("-tls_verify", "1", "-ca_file", walk.ready["ca"])


@pytest.mark.parametrize("protocol", ["rtmp", "rtmps"])
@pytest.mark.parametrize("by", BOTH)
def test_main_job_push_is_live_is_watched_ends_and_leaves_a_vod(
    walk: Walk, by: str, protocol: str, tmp_path: Path
) -> None:
    # Given a stream from the quick start, with an encoder's live picture and sound,
    stream = quick_start(walk)
    assert (stream["status"], stream["started_at"]) == ("offline", None)
    live_codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-c:a", "aac")
    options = trusting(walk) if protocol == "rtmps" else ()
    with pushing(
        address_of(stream, protocol),
        film(seconds=3),
        by=by,
        is_endless=False,
        options=options,
        codecs=live_codecs,
    ) as push:
        # when it is published, it becomes live by itself,
        live = walk.until_status(stream, "live")
        assert live["started_at"] is not None
        assert live["ended_at"] is None
        assert protocols(walk, stream) == [protocol]
        # and plays meanwhile, as low latency and plain HLS,
        walk.until_first_part(stream)
        buffer = tmp_path / "buffer.mp4"
        buffer.write_bytes(walk.newest_parts(stream))
        assert play(buffer, by=by).video
        for address in (live["playback_url"], live["playback"]["llhls"]):
            assert walk.get(f"{urljoin(address, 'stream.m3u8')}?wait=1").status == 200
            watched = play(address, "-live_start_index", "0", "-t", "0.5", by=by)
            assert len(watched.video) >= 15
            assert watched.audio
        assert walk.stream(stream)["status"] == "live"
        assert push.said() == ""
        assert push.process.returncode == 0

    # and when the encoder stops, the stream has ended at the end of its media, not later,
    walk.pass_window(stream, WINDOW_SECONDS)
    ended = walk.until_status(stream, "ended")
    lasted = instant(ended["ended_at"]) - instant(ended["started_at"])
    assert lasted == pytest.approx(ended["duration_seconds"], abs=0.002)
    assert instant(ended["ended_at"]) <= instant(ended["updated_at"]) - WINDOW_SECONDS
    # and its VOD is processing, then ready, with every frame in it.
    vod = walk.ask("GET", f"/streams/vods/{ended['vod_id']}").json
    assert (vod["status"], vod["video_url"], vod["stream_id"]) == ("processing", None, stream["id"])
    vod = processed_vod(walk, stream)
    assert vod["duration"] == pytest.approx(3, abs=FRAME_SECONDS)
    assert len(play(vod["video_url"], by=by).video) == 90
    shown = play(vod["mp4_url"], by=by).video
    assert shown == pytest.approx([n / 30 for n in range(90)], abs=1e-3)


def test_main_job_ffprobe_of_a_live_stream_shows_the_encoder_settings(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_parts(stream, 6)
        command = [need("ffprobe"), "-v", "error", "-of", "json", "-show_streams"]
        process = subprocess.run(
            [*command, stream["playback"]["llhls"]], check=True, capture_output=True, timeout=60
        )

    assert not process.stderr
    values = {stream["codec_type"]: stream for stream in json.loads(process.stdout)["streams"]}
    picture, sound = values["video"], values["audio"]
    assert (picture["codec_name"], picture["width"], picture["height"]) == ("h264", 320, 180)
    assert picture["r_frame_rate"] == "30/1"
    assert (sound["codec_name"], sound["sample_rate"]) == ("aac", "48000")


def test_main_job_verifying_encoder_refuses_an_untrusted_certificate(
    walk: Walk,
) -> None:
    stream = walk.create()

    with pushing(address_of(stream, "rtmps"), options=("-tls_verify", "1")) as push:
        assert "certificate verify failed" in push.said()

    assert walk.stream(stream)["status"] == "offline"


def test_main_job_player_before_the_first_key_frame_must_retry(walk: Walk) -> None:
    stream = walk.create()

    answer = walk.get(stream["playback_url"])

    assert (answer.status, answer.headers["Retry-After"]) == (404, "1")


# The recording of a publish as fast as possible, checked from every side.

FRAMES = 300


@pytest.fixture(scope="module")
def vod(walk: Walk) -> dict[str, Any]:
    stream = walk.create("Left behind")
    source = film(seconds=FRAMES / 30)
    with pushing(address_of(stream), source, is_endless=False, is_paced=False) as push:
        assert push.said() == ""
    walk.pass_window(stream, WINDOW_SECONDS)
    walk.until_status(stream, "ended")
    return processed_vod(walk, stream)


def test_vod_lasts_as_long_as_its_film_to_a_frame(walk: Walk, vod: dict[str, Any]) -> None:
    playlist = walk.get(urljoin(vod["video_url"], "stream.m3u8")).text

    assert vod["duration"] == pytest.approx(FRAMES / 30, abs=FRAME_SECONDS)
    assert seconds_in(playlist) == pytest.approx(vod["duration"], abs=0.002)
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist
    assert playlist.endswith("#EXT-X-ENDLIST\n")


def test_vod_plays_every_frame_in_time(vod: dict[str, Any]) -> None:
    played = play(vod["video_url"])

    assert played.video == pytest.approx([n / 30 for n in range(FRAMES)], abs=1e-3)
    assert len(played.audio) == pytest.approx(FRAMES / 30 * 48_000 / 1024, abs=2)
    steps = [after - before for before, after in zip(played.audio, played.audio[1:], strict=False)]
    assert steps == pytest.approx([1024 / 48_000] * len(steps), abs=1e-4)


def test_vod_names_its_source_settings(vod: dict[str, Any]) -> None:
    (quality,) = vod["qualities"]

    assert (quality["label"], quality["width"], quality["height"]) == ("180p", 320, 180)
    assert vod["title"] == vod["stream"]["title"] == "Left behind"
    assert vod["ready_at"] > vod["created_at"]


def test_mp4_starts_before_it_is_loaded_and_lasts_exactly(walk: Walk, vod: dict[str, Any]) -> None:
    answer = walk.get(vod["mp4_url"])

    assert answer.headers["Content-Type"] == "video/mp4"
    boxes = _boxes(answer.body)
    assert boxes.index(b"moov") < boxes.index(b"mdat")
    with av.open(BytesIO(answer.body), "r") as file:
        picture = file.streams.video[0]
        assert picture.frames == FRAMES
        assert picture.duration is not None
        assert picture.time_base is not None
        assert float(picture.duration * picture.time_base) == pytest.approx(10, abs=0.001)


def test_mp4_is_sent_in_ranges_on_request(walk: Walk, vod: dict[str, Any], tmp_path: Path) -> None:
    # A seek over HTTP is a range request.
    whole = walk.get(vod["mp4_url"]).body
    out = tmp_path / "last.txt"
    command = [ffmpeg(), "-v", "error", "-nostdin", "-ss", "9", "-i", vod["mp4_url"]]

    subprocess.run([*command, "-map", "0:v", "-f", "framecrc", str(out)], check=True, timeout=60)

    frames = [line for line in out.read_text().splitlines() if not line.startswith("#")]
    assert len(frames) == 30
    assert walk.ask("HEAD", vod["mp4_url"]).headers["Content-Length"] == str(len(whole))


@table(
    ("query", "size"),
    [
        ("", (320, 180)),
        ("?time=5s", (320, 180)),
        ("?time=0s&height=90", (160, 90)),
        ("?width=100", (100, 56)),
        ("?width=100&height=100&fit=crop", (100, 100)),
        ("?width=100&height=100&fit=clip", (100, 56)),
        ("?width=100&height=100&fit=scale", (100, 100)),
        ("?width=100&height=100&fit=fill", (100, 100)),
    ],
)
def test_thumbnail_has_the_requested_size(
    walk: Walk, vod: dict[str, Any], query: str, size: tuple[int, int]
) -> None:
    answer = walk.get(vod["thumbnail_url"] + query)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    width, height = _picture_size(answer.body)
    assert width == size[0]
    assert height == pytest.approx(size[1], abs=1)


def test_thumbnail_differs_at_two_instants(walk: Walk, vod: dict[str, Any]) -> None:
    pictures = {walk.get(f"{vod['thumbnail_url']}?time={time}s").body for time in (0, 4, 9)}

    assert len(pictures) == 3


@table(
    "query", ["?time=-1s", "?time=11s", "?time=soon", "?width=0", "?height=2001", "?fit=stretch"]
)
def test_thumbnail_with_invalid_query_is_refused(
    walk: Walk, vod: dict[str, Any], query: str
) -> None:
    assert walk.get(vod["thumbnail_url"] + query).status in {400, 422}


def test_thumbnail_gif_moves(walk: Walk, vod: dict[str, Any]) -> None:
    answer = walk.get(vod["thumbnail_url"].replace(".jpg", ".gif"))

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    with av.open(BytesIO(answer.body), "r") as file:
        assert len(list(file.decode(video=0))) > 10


def test_media_address_works_with_and_without_the_cdn_name(walk: Walk, vod: dict[str, Any]) -> None:
    uid = vod["cloudflare_video_id"]

    for path in (
        "manifest/video.m3u8",
        "manifest/stream.m3u8",
        "media/init-0.mp4",
        "media/seg-0.m4s",
        "thumbnails/thumbnail.jpg",
        "downloads/default.mp4",
        "lifecycle",
        "views",
    ):
        bare = walk.get(f"{walk.ready['http']}/{uid}/{path}")
        named = walk.get(f"{walk.ready['http']}{CDN}/{uid}/{path}")
        assert (bare.status, named.status) == (200, 200), path
        assert bare.body == named.body, path
    assert urlsplit(vod["video_url"]).path.startswith(CDN)


@table("prefix", ["", CDN])
@table(
    "tail",
    [
        "media/../index.jsonl",
        "media/%2e%2e/index.jsonl",
        "media/..%2findex.jsonl",
        "media/..%5cindex.jsonl",
        "media/%2e%2e%2f%2e%2e%2f%2e%2e%2fworld.sqlite3",
        "media/index.jsonl",
        "media/default.mp4",
        "media/seg-0.m4s%00",
        "media/%00",
        "media/seg-00.m4s",
        "media/seg--1.m4s",
        "media/seg-99.m4s",
        "media/seg-99999999999999999999.m4s",
        "media/init-1.mp4",
        "media/seg-%D9%A0.m4s",
        "media/" + "a" * 5000,
        "manifest/../media/index.jsonl",
        "manifest/other.m3u8",
        "downloads/%2e%2e/index.jsonl",
        "downloads/other.mp4",
    ],
)
def test_media_address_path_tricks_behind_a_uid_are_404(
    walk: Walk, vod: dict[str, Any], prefix: str, tail: str
) -> None:
    uid = vod["cloudflare_video_id"]

    assert walk.raw_status(f"{prefix}/{uid}/{tail}".encode()) == 404


@table(
    "uid",
    [
        "..",
        "%2e%2e",
        "..%2f..%2fetc",
        "%2fetc%2fpasswd",
        "%00",
        "0" * 31,
        "0" * 32,
        "0" * 33,
        "G" * 32,
        "f" * 20_000,
        "%D9%A0" * 32,
        "%ff%fe",
    ],
)
@table("tail", ["manifest/video.m3u8", "media/seg-0.m4s", "downloads/default.mp4", "lifecycle"])
def test_media_address_invalid_uid_is_404(walk: Walk, uid: str, tail: str) -> None:
    assert walk.raw_status(f"/{uid}/{tail}".encode()) == 404


def test_media_address_of_the_stream_plays_after_its_end(walk: Walk, vod: dict[str, Any]) -> None:
    stream = walk.ask("GET", f"/streams/id/{vod['stream_id']}").json

    assert stream["cloudflare_stream_id"] != vod["cloudflare_video_id"]
    assert len(play(stream["playback_url"]).video) == FRAMES
    lifecycle = walk.get(urljoin(stream["playback_url"], "../lifecycle")).json
    assert (lifecycle["live"], lifecycle["videoUID"]) == (False, vod["cloudflare_video_id"])


def test_thumbnail_of_a_live_stream_exists_too(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream), by=BUNDLED):
        walk.until_first_part(stream)

        picture = until(
            lambda: walk.get(stream["playback"]["thumbnail"]).body or None,
            "a live thumbnail is there",
        )

        assert _picture_size(picture) == (320, 180)
    walk.end(stream)


def _boxes(mp4: bytes) -> list[bytes]:
    """The types of a file's top-level boxes (ISO/IEC 14496-12, 4.2)."""
    kinds = []
    at = 0
    while at < len(mp4):
        (size,) = struct.unpack_from(">I", mp4, at)
        kinds.append(mp4[at + 4 : at + 8])
        at += size
        assert size >= 8
    return kinds


def _picture_size(jpeg: bytes) -> tuple[int, int]:
    """The size in a JPEG's frame header (ITU-T T.81, B.2.2)."""
    match = re.search(rb"\xff[\xc0-\xc2]..\x08(..)(..)", jpeg, re.DOTALL)
    assert match, "not a JPEG"
    return int.from_bytes(match[2]), int.from_bytes(match[1])
