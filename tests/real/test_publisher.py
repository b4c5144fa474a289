"""The built-in publisher as a command, to the running platform and to a foreign server."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from emulator.core.clock import SystemClock
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.process import PublisherProcess
from tests.support.commands import finished, live_emulator
from tests.support.encoders import film
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform, until
from tests.support.media_frames import stamps
from tests.support.nginx import nginx_rtmp
from tests.support.publisher import Seen, beeps, flashes, pictures
from tests.support.strip import read_strip

SMALL = ("--size", "320x180", "--bitrate", "400k")


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


@contextmanager
def publishing(*arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A running `live-emulator publish`."""
    process = subprocess.Popen(
        live_emulator("publish", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def publish(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `live-emulator publish` until it ends by itself."""
    with publishing(*arguments, **environment) as process:
        text, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    return subprocess.CompletedProcess(arguments, process.returncode, text, complaint)


def reports(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def check_step(seen: list[Seen], heard: list[Fraction]) -> None:
    """Assert that each flash has a beep within a frame; flashes after a stall are left out."""
    frame = Fraction(1, 30)
    shown = {round(picture.at / frame) for picture in seen}
    lit = [flash for flash in flashes(seen) if round(flash / frame) - 1 in shown]
    assert lit
    for flash in lit:
        assert min(abs(flash - beep) for beep in heard) <= frame


def test_publish_command_over_tls_goes_live_and_is_unchanged_in_the_vod(walk: Walk) -> None:
    # Given a stream of the user's, when the publisher is given only its id,
    stream = walk.create()
    began_ms = SystemClock().now_ms()
    done = publish(
        *("--stream", stream["id"], "--rtmps", "--ca", walk.ready["ca"]),
        *("--server", walk.ready["http"], "--seconds", "3.2", "--json", *SMALL),
    )
    ended_ms = SystemClock().now_ms()

    # then it reports each second and ends in good order,
    assert (done.returncode, done.stderr) == (0, "")
    payloads = reports(done.stdout)
    states = [item["state"] for item in payloads]
    assert states[:2] == ["connecting", "connected"]
    assert set(states[2:-1]) == {"publishing"}
    assert states[-1] == "ended"
    assert payloads[-1]["seconds"] == pytest.approx(3.2, abs=0.2)

    # the stream is over, with a VOD of that length,
    vod = walk.until_vod(stream)
    assert vod["duration"] == pytest.approx(3.2, abs=0.2)
    # and in the VOD each frame has its instant, and sound is in step.
    film = walk.get(vod["mp4_url"]).body
    seen = pictures(film)
    encoded_ms = [read_strip(picture.frame) for picture in seen]
    assert all(number is not None and began_ms <= number <= ended_ms for number in encoded_ms)
    assert encoded_ms == sorted(encoded_ms, key=lambda number: number or 0)
    check_step(seen, beeps(film))


def test_publish_command_obeys_size_rates_and_key_frame_interval(walk: Walk) -> None:
    stream = walk.create()
    asked = ("--size", "640x360", "--fps", "25", "--bitrate", "0.8M", "--keyframe-seconds", "1")
    done = publish(
        *(stream["stream_key"], "--url", stream["rtmp_url"], "--seconds", "4", *asked),
    )

    assert done.returncode == 0, done.stderr
    media = walk.get(walk.until_vod(stream)["mp4_url"]).body
    seen = pictures(media)
    assert {(picture.frame.width, picture.frame.height) for picture in seen} == {(640, 360)}
    assert median(after.at - before.at for before, after in pairwise(seen)) == Fraction(1, 25)
    video = stamps(media, "video")
    keys = [stamp.pts for stamp in video if stamp.is_key]
    assert median(after - before for before, after in pairwise(keys)) == 1
    kbits = len(media) * 8 / 1000 / float(video[-1].pts - video[0].pts)
    # 800 for the picture, up to 128 for the sound; a machine that stalls sends less.
    assert kbits < 1.15 * (800 + 128)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_publish_command_interrupted_unpublishes(walk: Walk, number: int) -> None:
    # Given a stream that is live by the publisher's test picture,
    stream = walk.create()
    with publishing(
        *(stream["stream_key"], "--url", stream["rtmp_url"], "--json", *SMALL)
    ) as process:
        walk.until_parts(stream, 2)

        # when Ctrl-C is pressed,
        process.send_signal(number)
        text, complaint = process.communicate(timeout=PATIENCE_SECONDS)

    # then it ends in good order, and so does the stream.
    assert (process.returncode, complaint) == (0, "")
    assert reports(text)[-1]["state"] == "ended"
    assert walk.until_vod(stream)["duration"] > 0


def test_publish_command_killed_leaves_its_stream_to_the_reconnect_window(walk: Walk) -> None:
    stream = walk.create()
    with publishing(stream["stream_key"], "--url", stream["rtmp_url"], *SMALL) as process:
        walk.until_parts(stream, 2)
        process.kill()
    assert walk.until_vod(stream)["duration"] > 0


@pytest.mark.parametrize("form", ["mp4", "mkv"])
def test_publish_command_loops_a_file_until_the_seconds_are_over(walk: Walk, form: str) -> None:
    stream = walk.create()
    codecs = {} if form == "mp4" else {"video": "libvpx-vp9 -deadline realtime -cpu-used 8"}
    source = film(seconds=1, form=form, **codecs)
    done = publish(
        *(stream["stream_key"], "--url", stream["rtmp_url"], "--seconds", "2.5"),
        *("--file", str(source), "--loop"),
    )

    assert done.returncode == 0, done.stderr
    assert "ended after 2." in done.stdout
    assert walk.until_vod(stream)["duration"] == pytest.approx(2.5, abs=0.2)
    # One publish with one clock: for viewers it is one film.
    assert "#EXT-X-DISCONTINUITY\n" not in walk.media_playlist(stream)


def test_publish_command_key_from_stdin_is_in_no_process_list(walk: Walk) -> None:
    stream = walk.create()
    done = finished(
        live_emulator("publish", "-", "--seconds", "1", *SMALL),
        input=stream["stream_key"] + "\n",
        env={**os.environ, "LIVE_EMULATOR_RTMP_URL": walk.ready["rtmp"]},
    )
    assert done.returncode == 0, done.stderr
    assert walk.until_vod(stream)["duration"] > 0


class TestRefusals:
    """Exit code 1 and one sentence that says what is wrong."""

    def check(self, done: "subprocess.CompletedProcess[str]", message: str) -> None:
        assert done.returncode == 1
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_publish_command_refused_key_is_reported(self, walk: Walk) -> None:
        done = publish("live_nobodyhasthiskey", "--url", walk.ready["rtmp"])
        self.check(done, "refused: This stream key is unknown.")

    def test_publish_command_refusal_is_reported_as_json(self, walk: Walk) -> None:
        done = publish("live_nobodyhasthiskey", "--url", walk.ready["rtmp"], "--json")
        assert (done.returncode, done.stderr) == (1, "")
        last = reports(done.stdout)[-1]
        assert last["state"] == "refused"
        assert last["message"].startswith("This stream key is unknown.")

    def test_publish_command_refuses_ended_stream(self, walk: Walk) -> None:
        stream = walk.create()
        walk.end(stream)
        done = publish("--stream", stream["id"], "--server", walk.ready["http"])
        self.check(done, "refused: This stream has ended, and ended is final.")

    def test_publish_command_refuses_stream_of_another_user(self, walk: Walk) -> None:
        stream = walk.create()
        key = ("--api-key", "ak_auto_eve")
        done = publish("--stream", stream["id"], "--server", walk.ready["http"], *key)
        self.check(done, "Only its owner may read the key of this stream: see --api-key.")

    def test_publish_command_refuses_missing_stream(self, walk: Walk) -> None:
        done = publish("--stream", "nothing", "--server", walk.ready["http"])
        self.check(done, "There is no stream 'nothing' on ")

    def test_publish_command_reports_port_without_tls(self, walk: Walk) -> None:
        url = walk.ready["rtmp"].replace("rtmp:", "rtmps:")
        self.check(publish("KEY", "--url", url), "No TLS connection to 127.0.0.1:")

    def test_publish_command_reports_port_with_tls_only(self, walk: Walk) -> None:
        url = walk.ready["rtmps"].replace("rtmps:", "rtmp:")
        self.check(publish("KEY", "--url", url), "The RTMPS port takes TLS only: use rtmps://")

    def test_publish_command_reports_untrusted_certificate(self, walk: Walk) -> None:
        with platform() as other:
            done = publish("KEY", "--url", walk.ready["rtmps"], "--ca", other.ready["ca"])
        self.check(done, "its certificate is not trusted")

    def test_publish_command_reports_web_server(self, walk: Walk) -> None:
        url = walk.ready["http"].replace("http:", "rtmp:") + "/live"
        self.check(publish("KEY", "--url", url), "This is not an RTMP server")

    def test_publish_command_reports_end_by_the_owner(self, walk: Walk) -> None:
        stream = walk.create()
        with publishing(stream["stream_key"], "--url", stream["rtmp_url"], *SMALL) as process:
            walk.until_first_part(stream)
            walk.end(stream)
            _, complaint = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert "refused: The stream has ended" in complaint


async def test_publisher_of_a_program_ends_with_it(walk: Walk) -> None:
    # Given a publisher that a program starts as a process,
    stream = walk.create()
    heard: list[str] = []
    publisher = PublisherProcess(
        walk.ready["rtmps"],
        stream["stream_key"],
        ca=walk.ready["ca"],
        settings=PublishConfig(width=320, height=180, video_kbits=400),
        on_progress=lambda progress: heard.append(progress.state),
    )
    await publisher.start()
    walk.until_parts(stream, 2)

    # when the program stops it, then it has ended in good order,
    await publisher.stop()
    assert not publisher.is_running
    assert await publisher.wait() == 0
    assert publisher.failure == ""
    assert (heard[0], heard[-1]) == ("connecting", "ended")
    await publisher.stop()
    # and one with a wrong key says why it ends.
    refused = PublisherProcess(walk.ready["rtmp"], "live_nobodyhasthiskey")
    await refused.start()
    assert await refused.wait() == 1
    assert refused.failure.startswith("This stream key is unknown.")


def test_publish_command_works_with_a_server_of_another_maker(tmp_path: Path) -> None:
    with nginx_rtmp(tmp_path) as address:
        # Given nginx-rtmp, when the publisher publishes to it,
        done = publish("key", "--url", f"{address}/live", "--seconds", "2.2", *SMALL)
        assert (done.returncode, done.stderr) == (0, "")
        recording = tmp_path / "key.flv"
        until(
            lambda: recording.exists() and b"\x17\x02" in recording.read_bytes()[-64:],
            "the recording is whole",
        )

        # then nginx has recorded the sent media,
        media = recording.read_bytes()
        seen = pictures(media)
        # A busy machine sends fewer pictures per second, over the same time.
        assert seen[-1].at - seen[0].at > 1.5
        assert all(read_strip(picture.frame) for picture in seen)
        check_step(seen, beeps(media))

        # and when it refuses a publish, the command says so.
        denied = publish("key", "--url", f"{address}/closed", "--seconds", "2", *SMALL)
        assert denied.returncode == 1
        assert len(denied.stderr.splitlines()) == 1
