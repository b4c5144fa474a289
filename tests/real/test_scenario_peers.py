"""Scenario participants with real connections, as other clients see them."""

import asyncio
import json
import os
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from tests.support.commands import finished, live_emulator
from tests.support.encoders import film
from tests.support.live_server import Walk, platform
from tests.support.publisher import beeps, pictures
from tests.support.strip import read_strip
from tests.support.webrtc import VideoFrame, ask, meeting, until

WORSE = """
scenario: Worse
world:
  streams: [{{name: s, existing: {stream}}}]
timeline:
  - publish.start: {{stream: s, size: 320x180, bitrate: 300k, via: rtmp, keyframes: 500ms}}
  - wait: 1200ms
  - publish.degrade: {{stream: s, freeze: true, silence: true, bitrate: 100k}}
    for: 2100ms
  - wait: 1200ms
  - publish.stop: s
  - expect: {{stream.s.status: ended}}
    within: 10s
expect:
  # It was all one connection.
  events.publisher.joined: 1
  events.publisher.left: 1
"""


def test_scenario_clients_frozen_video_without_audio_continues_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "worse.yaml"
    with platform() as walk:
        stream = walk.create()
        path.write_text(WORSE.format(stream=stream["id"]), "utf-8")

        done = finished(
            live_emulator(
                "scenario",
                "run",
                str(path),
                "--json",
                *("--speed", "real", "--against", walk.ready["http"]),
            )
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["clock"] == "real"
        media = walk.get(walk.until_vod(stream)["mp4_url"]).body

    # A viewer sees the strip at the bottom, which has the instant of each frame,
    seen = [(picture.at, read_strip(picture.frame)) for picture in pictures(media)]
    longest = max(
        (list(frames) for _, frames in groupby(seen, key=lambda frame: frame[1])), key=len
    )
    stood_from, stood_until = float(longest[0][0]), float(longest[-1][0])
    assert stood_until - stood_from > 1.8
    assert float(seen[-1][0]) - stood_until > 0.5, "the video does not continue"
    # and hears one beep per second, except for a while of silence.
    heard = beeps(media)
    gap_from, gap_until = max(pairwise(heard), key=lambda pair: pair[1] - pair[0])
    assert gap_until - gap_from >= 2.9
    assert float(gap_from) < stood_until
    assert float(gap_until) > stood_from


@pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="half a minute: asked for by `make slow`"
)
async def test_scenario_clients_guest_of_the_library_sends_and_receives_real_media() -> None:
    # Given a library scenario with a reader, in real time on a running emulator,
    with platform() as walk:
        command = live_emulator("scenario", "run", "webrtc-reader", "--json")
        command += ["-p", "length=10s", "--speed", "real", "--against", walk.ready["http"]]
        playing = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        path = await ask(lambda: session_of(walk), "its session is open")
        # when host and reader come with their own media,
        address = f"{walk.ready['http']}/api/v1{path}/offer"
        async with (
            meeting(address, seat(walk, path, "ada"), film()) as host,
            meeting(address, seat(walk, path, "bob"), film()) as reader,
        ):
            # then they see each other,
            await until(lambda: len(host.frames(VideoFrame)) > 10, "the host sees the reader")
            await until(lambda: len(reader.frames(VideoFrame)) > 10, "the reader sees the host")
            output, _ = await playing.communicate()
    # and the scenario passes.
    report = json.loads(output.splitlines()[-1])
    assert report["outcome"] == "passed", report["expectations"]


def session_of(walk: Walk) -> str | None:
    """The path of the session in which two people have seats."""
    events = walk.get(f"{walk.ready['admin']}/events?limit=1000&kind=ParticipantJoined").json
    ids = [event["values"]["session_id"] for event in events["events"]]
    return f"/video-sessions/sessions/{ids[0]}" if len(ids) >= 2 else None


def seat(walk: Walk, path: str, username: str) -> str:
    token: str = walk.ask("POST", f"{path}/token", {}, f"ak_demo_{username}").json["token"]
    return token
