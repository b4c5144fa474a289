"""A live stream is pushed on to another emulator, as to a real platform."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from emulator.cli import main
from tests.support.docs import PROJECT, commands
from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import Walk, platform, seconds_in, until
from tests.support.required_programs import need
from tests.support.webrtc import ask, publishing

PAGE = PROJECT / "docs/how-to/simulcast.md"


@pytest.fixture(scope="module")
def here() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


@pytest.fixture(scope="module")
def there() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def run(line: str, names: dict[str, str]) -> str:
    """Run a page's `curl`, with values for its placeholders."""
    for shown, real in names.items():
        line = line.replace(shown, real)
    command = [need("curl"), "-sS", "--fail", *shlex.split(line)[1:]]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def targets_of(walk: Walk, stream: dict[str, Any]) -> str:
    return f"{walk.ready['admin']}/streams/{stream['id']}/targets"


def add(here: Walk, stream: dict[str, Any], url: str, key: str) -> dict[str, Any]:
    answer = here.ask("POST", targets_of(here, stream), {"url": url, "key": key})
    assert answer.status == 201, answer.text
    target: dict[str, Any] = answer.json
    return target


def until_target(here: Walk, target: dict[str, Any], state: str) -> dict[str, Any]:
    address = f"{targets_of(here, {'id': target['stream_id']})}/{target['id']}"

    def look() -> dict[str, Any] | None:
        now: dict[str, Any] = here.get(address).json
        return now if now["state"] == state else None

    return until(look, f"the target is {state}")


def test_simulcast_target_shows_its_source_and_ends_with_it(here: Walk, there: Walk) -> None:
    # Given a target that was added before its stream began,
    source, copy = here.create(), there.create()
    target = add(here, source, there.ready["rtmps"], copy["stream_key"])
    assert target["state"] == "idle"

    # when the stream is published, the other platform is live too, and plays.
    with pushing(address_of(source), film(seconds=4), is_endless=False) as push:
        there.until_status(copy, "live")
        until_target(here, target, "live")
        there.until_parts(copy, 3)
        push.process.wait(60)

    # When it is over, so is the copy, and its recording is as long.
    recorded, copied = here.until_vod(source), there.until_vod(copy)
    lengths = [
        seconds_in(walk.get(vod["playback_url"].replace("video.m3u8", "stream.m3u8")).text)
        for walk, vod in ((here, recorded), (there, copied))
    ]
    assert lengths[0] == pytest.approx(4, abs=0.1)
    # The copy begins with the first key frame after the target's acceptance.
    assert lengths[0] - 2.1 < lengths[1] <= lengths[0] + 0.1
    assert until_target(here, target, "idle")["attempts"] == 0


async def test_simulcast_pushes_a_browser_stream_too(here: Walk, there: Walk) -> None:
    # Given a stream by WHIP, whose audio codec no RTMP server knows,
    source, copy = here.create(), there.create()
    target = add(here, source, there.ready["rtmp"], copy["stream_key"])
    async with publishing(source["ingest"]["webrtc_url"], film(seconds=4)):
        # then the other platform plays its picture, and its sound as AAC,
        await ask(lambda: until_target(here, target, "live"), "the target is live")
        await ask(lambda: there.until_parts(copy, 5), "the target has parts")
        health = await ask(lambda: there.ingest(copy), "its health")
        assert health["video_codec"].startswith("avc1")
        assert health["audio_codec"] == "mp4a.40.2"
        await ask(lambda: there.get(copy["playback_url"]).status == 200, "a segment is whole")
        assert await ask(lambda: play(copy["playback_url"], "-t", "1").audio, "it is played")
    # and ends with it.
    await ask(lambda: there.until_vod(copy), "its VOD is ready")
    await ask(lambda: until_target(here, target, "idle"), "the target is idle")


def test_simulcast_targets_come_and_go_while_a_stream_is_live(here: Walk, there: Walk) -> None:
    source, copy = here.create(), there.create()
    with pushing(address_of(source), film(seconds=4)):
        here.until_first_part(source)
        names = {
            "http://127.0.0.1:8787": here.ready["http"],
            "STREAM_ID": source["id"],
            "rtmp://127.0.0.1:1937/live": there.ready["rtmp"],
            "TARGET_KEY": copy["stream_key"],
        }
        # As the page describes it,
        texts = [run(shown.line, names) for shown in commands(PAGE) if shown.line[:4] == "curl"]
        target, listed = map(json.loads, texts)
        there.until_status(copy, "live")
        assert [target["id"] for target in listed["targets"]] == [target["id"]]
        assert copy["stream_key"] not in json.dumps(listed)

        address = f"{targets_of(here, source)}/{target['id']}"
        assert here.ask("DELETE", address).status == 204
        there.until_status(copy, "ended")
        assert here.get(address).status == 404
        assert here.stream(source)["status"] == "live"


def test_simulcast_refused_key_is_retried_and_shown_nowhere(here: Walk, there: Walk) -> None:
    # Given a target that refuses its key,
    secret = "live_" + "5ecret" * 5
    source = here.create()
    with pushing(address_of(source), film(seconds=4)):
        here.until_first_part(source)
        target = add(here, source, there.ready["rtmp"], secret)
        now = until_target(here, target, "waiting")

        # its reason is shown, and the push is tried again,
        assert "unknown" in now["reason"]
        until(lambda: until_target(here, target, "waiting")["attempts"] >= 2, "it was called again")
    # and no log has the key.
    for log in ("events", "requests"):
        text = here.get(f"{here.ready['admin']}/{log}?limit=500").text
        assert secret not in text
        assert log == "requests" or target["id"] in text


def test_simulcast_command_adds_lists_and_removes(
    here: Walk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVE_EMULATOR_URL", here.ready["http"])
    monkeypatch.setattr("sys.stdin", StringIO("some_key\n"))
    stream = here.create()["id"]
    url = "rtmp://127.0.0.1:1937/live"

    assert main(["simulcast", "add", stream, url, "-", "--json"]) == 0
    target = json.loads(capsys.readouterr().out)["id"]
    assert main(["simulcast", "list", stream]) == 0
    assert capsys.readouterr().out.split() == [target, "idle", url]
    assert main(["simulcast", "add", stream, url, "some_key"]) == 1
    assert "pushed there already" in capsys.readouterr().err
    assert main(["simulcast", "remove", stream, target]) == 0
    capsys.readouterr()
    assert main(["simulcast", "list", stream]) == 0
    assert capsys.readouterr().out == "The stream has no targets.\n"
