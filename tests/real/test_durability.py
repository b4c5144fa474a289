"""The data that remains when the emulator stops, is killed, or its disk is full."""

import http.client
import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.testing import ApiResponse
from tests.support.commands import finished
from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import PATIENCE_SECONDS, Walk, child, platform, until
from tests.support.machine_clock import MachineClock
from tests.support.slow import slow

# The beginnings of media file names: init-0.mp4, seg-0.m4s, index.jsonl.
FILES_OF_A_RECORDING = {"init", "seg", "index.jsonl"}


def key_of(media: dict[str, bytes]) -> bytes:
    """The contents of all parts that a player has fetched, in their order, joined."""
    names = sorted(
        (name for name in media if name.startswith("part")),
        key=lambda name: int(name.removeprefix("part-").removesuffix(".m4s")),
    )
    return b"".join(media[name] for name in names)


def recorded(walk: Walk, vod: dict[str, object]) -> bytes:
    """The contents of all segments of a VOD, joined."""
    video_url = str(vod["video_url"])
    playlist = walk.get(video_url.replace("video.m3u8", "stream.m3u8")).text
    names = [line for line in playlist.splitlines() if line.endswith(".m4s")]
    base = video_url.partition("manifest/")[0]
    return b"".join(walk.get(f"{base}{name.removeprefix('../')}").body for name in names)


def facts_of(walk: Walk, stream: dict[str, Any]) -> dict[str, Any]:
    """A stream's fields, without addresses: the ports change with a start."""
    return {
        name: payload for name, payload in walk.stream(stream).items() if "://" not in str(payload)
    }


def test_durability_kill_9_ends_the_stream_and_its_vod_has_all_played_media(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    # Given a live stream, another one that is offline, and a process that is killed,
    with child(data) as first:
        walk = first.walk()
        waiting = facts_of(walk, walk.create("Another"))
        stream = walk.create()
        with pushing(address_of(stream)):
            walk.until_parts(stream, 15)
            seen = walk.media(stream)
            first.process.send_signal(signal.SIGKILL)
            first.said()

    # when it is started again on the same folder, and the publisher does not come back,
    with child(data, "--reconnect-window", "1") as second:
        walk = second.walk()
        vod = walk.until_vod(stream)

        # then the VOD has everything that was played, byte for byte, and nothing else has changed.
        assert key_of(seen) in recorded(walk, vod)
        # The live stream's own files are the recording: nothing was copied.
        [folder] = data.rglob(stream["cloudflare_stream_id"])
        assert {path.name.partition("-")[0] for path in folder.iterdir()} <= FILES_OF_A_RECORDING
        assert play(str(vod["video_url"])).video
        assert walk.stream(stream)["ended_at"] is not None
        assert facts_of(walk, waiting) == waiting


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGKILL,
        pytest.param(
            signal.SIGTERM, marks=slow("a kill is harder, and a hang-up ends as gently as this")
        ),
    ],
)
def test_durability_publisher_returning_after_a_restart_continues(
    tmp_path: Path, how: signal.Signals
) -> None:
    data = tmp_path / "data"
    # Given a stream that was live when its emulator was stopped or killed,
    with child(data) as first:
        walk = first.walk()
        stream = walk.create()
        with pushing(address_of(stream)):
            walk.until_parts(stream, 8)
            seen = walk.media(stream)
            first.process.send_signal(how)
            first.said()
        assert first.ready_file.exists() == (how == signal.SIGKILL)

    # when the next one has started, then it is live, and its publisher continues it.
    with child(data, "--reconnect-window", "60") as second:
        walk = second.walk()
        now = walk.stream(stream)
        assert (now["status"], now["ended_at"]) == ("live", None)
        with pushing(address_of(now | {"stream_key": stream["stream_key"]})):
            until(
                lambda: "#EXT-X-DISCONTINUITY\n" in walk.media_playlist(now, "llhls"),
                "the stream continues",
            )
            walk.until_parts(now, 8)
        assert walk.end(stream).status == 200
        vod = walk.until_vod(stream)

        # The recording has both halves, one after the other.
        assert key_of(seen) in recorded(walk, vod)
        assert walk.media_playlist(now).count("#EXT-X-DISCONTINUITY\n") == 1
        played = play(str(vod["video_url"])).video
        assert played == sorted(played)
        assert len(played) / 30 == pytest.approx(vod["duration"], abs=0.2)


def test_durability_closed_terminal_while_live_leaves_a_vod(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with child(data) as first:
        walk = first.walk()
        stream = walk.create()
        with pushing(address_of(stream)):
            walk.until_parts(stream, 5)
            first.process.send_signal(signal.SIGHUP)
            first.said()
        assert first.process.returncode == 0
        assert not first.ready_file.exists()

    with child(data, "--reconnect-window", "1") as second:
        assert second.walk().until_vod(stream)["duration"] > 0.5


def test_durability_damaged_database_is_reported_and_set_aside(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    (data / "media" / "old").mkdir(parents=True)
    database = data / "world.sqlite3"
    database.write_bytes(b"this was a database once" * 1000)

    with child(data) as serving:
        walk = serving.walk()
        assert walk.create()["status"] == "offline"
        serving.process.send_signal(signal.SIGTERM)
        said = serving.said()

    assert "cannot be read as a database" in said
    assert f"path={data / 'damaged-1'}" in said
    assert (data / "damaged-1" / database.name).read_bytes().startswith(b"this was a database once")
    assert (data / "damaged-1" / "media" / "old").is_dir()


def test_durability_media_without_a_database_is_reported_and_set_aside(tmp_path: Path) -> None:
    data = tmp_path / "data"
    media = data / "media" / "0123456789abcdef0123456789abcdef"
    media.mkdir(parents=True)
    (media / "index.jsonl").write_text("{}\n")

    with child(data) as serving:
        assert serving.walk().create()["status"] == "offline"
        serving.process.send_signal(signal.SIGTERM)
        said = serving.said()

    assert "the database is gone, but media is there" in said
    assert f"path={data / 'damaged-1'}" in said
    assert [*(data / "damaged-1" / "media").iterdir()]
    with child(data) as again:
        again.walk()
        again.process.send_signal(signal.SIGTERM)
        assert "the database is gone" not in again.said()


def test_durability_folder_of_a_newer_version_is_refused_and_untouched(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    database = data / "world.sqlite3"
    with closing(sqlite3.connect(database)) as newer:
        newer.execute("PRAGMA user_version = 9999")
    content = database.read_bytes()

    with child(data) as refused:
        said = refused.said()

    assert refused.process.returncode == 2
    assert "was written by a newer live-emulator" in said
    assert "choose another folder with --data" in said
    assert database.read_bytes() == content
    assert not (data / "damaged-1").exists()


def test_durability_kill_9_during_writes_loses_no_confirmed_write(tmp_path: Path) -> None:
    data = tmp_path / "data"
    # Given a process that is killed while four clients write as fast as they can,
    with child(data) as first:
        walk = first.walk()
        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(write_until_it_is_gone, walk) for _ in range(4)]
            until(
                lambda: walk.ask("GET", "/videos/albums").json["total"] >= 100,
                "100 albums are written",
            )
            first.process.send_signal(signal.SIGKILL)
            answered = {album for future in writing for album in future.result()}

    # when it is started again, then every answered write is there.
    assert len(answered) >= 100
    with child(data) as second:
        payload = second.walk().ask("GET", "/users/me/export").json
        assert answered <= {album["id"] for album in payload["belongings"]["albums"]}


def write_until_it_is_gone(walk: Walk) -> list[str]:
    """Create albums until the server is gone; return the ids of those that were answered."""
    answered: list[str] = []
    while True:
        try:
            answer = walk.ask("POST", "/videos/albums", {"title": "Kept"})
        except (OSError, http.client.HTTPException):
            return answered
        assert answer.status == 201, answer.text
        answered.append(answer.json["id"])


def test_durability_full_disk_refuses_new_publishers_and_ends_nothing(tmp_path: Path) -> None:
    limit_bytes = 100_000
    with platform(data=str(tmp_path / "data"), disk_limit_bytes=limit_bytes) as walk:
        stream = walk.create()
        # The film has about 0.5 Mbit/s: after two seconds the limit is reached.
        with pushing(address_of(stream)):
            until(lambda: media_bytes(tmp_path) > limit_bytes, "the limit is reached")
            # The check of a new publisher may use a measurement of the disk that is some seconds
            # old. One that it let in has used its stream up.
            until(lambda: "disk" in refusal(walk.create("Late")), "a publisher is refused")
            walk.until_parts(stream, 2)
            assert walk.stream(stream)["status"] == "live"


def refusal(stream: dict[str, object]) -> str:
    """The error that ffmpeg prints when it publishes a short film."""
    with pushing(address_of(stream), is_paced=True, is_endless=False) as push:
        return push.said().lower()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A small file system, which needs root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = finished(command)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill the disk until the block ends."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    try:
        yield
    finally:
        filler.unlink()


def test_durability_full_disk_fails_only_writes_and_only_while_it_is_full(tmp_path: Path) -> None:
    options = ("--reconnect-window", "1", "--segment-seconds", "1")
    names: list[str] = []
    with small_disk(tmp_path / "disk", "24m") as disk, child(disk / "data", *options) as serving:
        walk = serving.walk()
        stream = walk.create()
        health = f"{walk.ready['admin']}/health"
        with pushing(address_of(stream)):
            walk.until_parts(stream, 5)
            assert walk.get(health).json["status"] == "ok"
            with filled(disk):
                refused = until_no_room(walk, names)
                assert int(refused.headers["retry-after"]) > 0
                assert "disk is 100% full" in refused.json["message"]
                # A player comes and is served, although no view can be stored.
                walk.until_parts(stream, 2)
                payload = walk.get(health).json
                assert (payload["status"], payload["reason"]) == (
                    "degraded",
                    refused.json["message"],
                )
            until(lambda: walk.get(health).json["status"] == "ok", "the disk works again")
            assert make_album(walk, names).status == 201
        # The player leaves, and its stream ends later, when the disk is full again.
        with filled(disk):
            until_no_room(walk, names)
        vod = walk.until_vod(stream)
        assert play(str(vod["video_url"])).video
        payload = walk.ask("GET", "/users/me/export").json
        assert set(names) == {album["id"] for album in payload["belongings"]["albums"]}
        serving.process.send_signal(signal.SIGTERM)
        assert "Traceback" not in serving.said()


def until_no_room(walk: Walk, names: list[str]) -> ApiResponse:
    """The first refusal. SQLite can still write for a while into a file that has grown already."""
    while (answer := make_album(walk, names)).status == 201:
        assert len(names) < 5000
    assert answer.status == 503, answer.text
    return answer


def make_album(walk: Walk, names: list[str]) -> ApiResponse:
    """Write something; the ids of answered writes are added to `kept`."""
    answer = walk.ask("POST", "/videos/albums", {"title": "Kept"})
    if answer.status == 201:
        names.append(answer.json["id"])
    return answer


def media_bytes(folder: Path) -> int:
    """The number of bytes of media below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*.m4s"))


def test_durability_platform_in_memory_leaves_nothing(tmp_path: Path) -> None:
    with child(tmp_path / "unused", "--data", ":memory:") as serving:
        walk = serving.walk()
        folder = Path(walk.ready["ca"]).parent
        stream = walk.create()
        with pushing(address_of(stream)):
            walk.until_parts(stream, 2)
        assert folder.exists()
        serving.process.send_signal(signal.SIGINT)
        serving.said()

    assert serving.process.returncode == 0
    assert not folder.exists()


def test_durability_machine_clock_change_stops_no_world_and_skips_nothing(tmp_path: Path) -> None:
    clock = MachineClock(tmp_path)
    with child(tmp_path / "data", "--reconnect-window", "1", env=clock.env) as serving:
        walk = serving.walk()
        stream = walk.create()
        with pushing(address_of(stream)):
            # One hour back, then two hours forward.
            for offset_seconds in (-3600, 3600):
                walk.until_parts(stream, 3)
                clock.set(offset_seconds)
            walk.until_parts(stream, 3)
        # The reconnect window is a second of the world's time, which continues.
        vod = walk.until_vod(stream)
        ended = walk.stream(stream)
        events = walk.get(f"{walk.ready['admin']}/events?limit=500").json["events"]
        shown = walk.get(f"{walk.ready['admin']}/clock").json
    assert ended["duration_seconds"] == pytest.approx(vod["duration"], abs=0.1)
    # The instants of these two events were past when they were noticed.
    noticed_late = {"StreamEnded", "ViewersLeft"}
    times = [event["at"] for event in events if event["kind"] not in noticed_late]
    assert times == sorted(times)
    assert shown["ahead_seconds"] == pytest.approx(-3600, abs=60)


@pytest.mark.parametrize("path", ["/videos/", "/streams/"])
def test_durability_request_during_a_stop_is_refused_without_a_traceback(
    tmp_path: Path, path: str
) -> None:
    with child(tmp_path / "data") as serving:
        where = urlsplit(serving.walk().ready["http"])
        assert where.hostname is not None
        assert where.port is not None
        with closing(http.client.HTTPConnection(where.hostname, where.port, 30)) as line:
            # Given a request whose body has half arrived,
            line.putrequest("POST", f"/api/v1{path}")
            line.putheader("Authorization", "Bearer ak_demo")
            kind = "multipart/form-data; boundary=b" if path == "/videos/" else "application/json"
            line.putheader("Content-Type", kind)
            line.putheader("Content-Length", "100000")
            line.endheaders(b"--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n")
            # when the emulator has to stop,
            serving.process.send_signal(signal.SIGTERM)
            answer = line.getresponse()
            payload = json.loads(answer.read())
        said = serving.said()

    # then the answer says so, and asks to send the request again.
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "Send this request again" in payload["message"]
    assert "Traceback" not in said
    assert serving.process.returncode == 0


def upload(walk: Walk, path: Path) -> str:
    """Upload a file; return the video's id once that is answered."""
    files = {"file": (path.name, path.read_bytes())}
    headers = {"Authorization": "Bearer ak_demo"}
    address = f"{walk.ready['http']}/api/v1/videos/"
    # httpx's default limit is five seconds, which a busy machine exceeds.
    answer = httpx.post(
        address, files=files, data={"title": "Kept"}, headers=headers, timeout=PATIENCE_SECONDS
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def is_processed(walk: Walk, video_id: str) -> bool:
    return bool(walk.ask("GET", f"/videos/{video_id}").json["status"] != "processing")


@pytest.mark.parametrize(
    "by",
    [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=slow("a kill leaves less behind"))],
)
def test_durability_accepted_upload_is_processed_after_a_stop_in_mid_work(
    tmp_path: Path, by: signal.Signals
) -> None:
    data = tmp_path / "data"
    # Given one upload that is being transcoded and one that waits, when the process is stopped,
    long = film(seconds=10, size="640x360", video="mpeg4", form="mp4")
    with child(data) as first:
        walk = first.walk()
        videos = [upload(walk, long), upload(walk, film(seconds=2, form="mp4"))]
        status = f"/video/{videos[0]}/status"
        until(
            lambda: walk.ask("GET", status).json["status"] == "processing",
            "the upload is processed",
        )
        first.process.send_signal(by)
        first.said()

    # then the next process makes both videos from the stored bytes, and then deletes those.
    with child(data) as second:
        walk = second.walk()
        for video in videos:
            until(partial(is_processed, walk, video), "it is done")
            assert walk.ask("GET", f"/videos/{video}").json["status"] == "ready"
        until(lambda: not [*data.rglob("media/*/upload")], "the uploaded file is deleted")
        result = walk.ask("GET", f"/videos/{videos[0]}").json
        assert result["duration"] == pytest.approx(10, abs=0.2)
