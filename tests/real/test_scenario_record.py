"""`scenario record` during a stream with a real encoder and chats over sockets."""

import hashlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from emulator.core.quantities import duration_text
from emulator.scenario.record.steps import rounded
from tests.support.commands import finished, live_emulator
from tests.support.encoders import address_of, pushing
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform
from tests.support.obs import Home, pushing_obs
from tests.support.slow import slow

# A recording's name of a stream with the usual title.
NAME = "my_first_stream"

Encoder = Callable[[Walk, dict[str, Any], Path], AbstractContextManager[None]]


@contextmanager
def ffmpeg(walk: Walk, stream: dict[str, Any], _: Path) -> Iterator[None]:
    with pushing(address_of(stream)) as push:
        walk.until_status(stream, "live")
        yield
        push.stop()


@contextmanager
def obs(walk: Walk, stream: dict[str, Any], folder: Path) -> Iterator[None]:
    home = Home(folder / "home")
    subprocess.run(
        live_emulator("obs-profile", stream["id"], "--install", *("--server", walk.ready["http"])),
        env=home.environment,
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    with pushing_obs(home) as running:
        walk.until_status(stream, "live")
        yield
        running.ask("StopStream")


def scenario(*typed: str) -> list[str]:
    return live_emulator("scenario", *typed)


def played(path: Path) -> dict[str, Any]:
    done = finished(scenario("run", str(path), "--json"))
    report: dict[str, Any] = json.loads(done.stdout)
    missed = [expectation for expectation in report["expectations"] if not expectation["met"]]
    wrong = [step for step in report["steps"] if not step["ok"]]
    assert (done.returncode, report["outcome"], missed, wrong) == (0, "passed", [], [])
    return report


@contextmanager
def recording(walk: Walk, path: Path, end: signal.Signals = signal.SIGINT) -> Iterator[None]:
    command = scenario("record", str(path), "--server", walk.ready["http"], "--exact")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Recording" in process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(end)
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, text


def socket_of(walk: Walk, stream: dict[str, Any], key: str) -> ClientConnection:
    return connect(f"{walk.ready['ws']}/api/v1/streams/{stream['id']}/chat/ws?token={key}")


def say(socket: ClientConnection, text: str) -> None:
    """Post one message, and wait until it has come back."""
    socket.send(json.dumps({"type": "message", "content": text}))
    while (event := json.loads(socket.recv(PATIENCE_SECONDS)))["type"] != "message" or (
        event["data"]["content"] != text
    ):
        pass


def hold_a_broadcast(walk: Walk, stream: dict[str, Any]) -> None:
    """Viewers come, chat and follow; the owner moderates; a fault strikes the CDN."""
    admin = walk.ready["admin"]
    with socket_of(walk, stream, "ak_auto_bob") as bob, socket_of(walk, stream, "ak_demo") as owner:
        for number in range(12):
            say(bob if number % 3 else owner, f"line {number}: hello, everybody")
        settings = {"slow_mode_seconds": 2, "blocked_words": ["cabbage"]}
        path = f"/streams/{stream['id']}/chat/settings"
        assert walk.ask("PUT", path, settings).status == 200
        assert walk.ask("POST", "/streams/users/demo/follow", key="ak_auto_bob").status == 201
        fault = {"media.missing": {"what": "part", "stream": stream["id"]}, "for": "300ms"}
        assert walk.ask("POST", f"{admin}/faults", fault).status == 201
        order = {"verb": "set", "count": 250}
        assert walk.ask("POST", f"{admin}/streams/{stream['id']}/viewers", order).status < 300
        say(owner, "the last line")


@pytest.mark.parametrize(
    "encoder",
    [
        pytest.param(ffmpeg, id="ffmpeg"),
        pytest.param(obs, id="OBS", marks=slow("what OBS sends is looked at in test_obs.py")),
    ],
)
def test_scenario_record_command_replay_ends_in_equal_figures(
    encoder: Encoder, tmp_path: Path
) -> None:
    # Given a broadcast with a real encoder, a chat over real sockets, and other events,
    path = tmp_path / "mine.yaml"
    with platform(vod_processing_ms=100) as walk:
        stream = walk.create()
        with recording(walk, path):
            with encoder(walk, stream, tmp_path):
                hold_a_broadcast(walk, stream)
                walk.until_parts(stream, 5)
            vod = walk.until_vod(stream)
        peak = walk.stream(stream)["peak_viewers"]

    # when the recorded scenario is run on the virtual clock,
    report = played(path)

    # then it ends with the same figures, within the tolerances that it states,
    payload = {
        expectation["fact"].replace(f".{NAME}.", "."): expectation
        for expectation in report["expectations"]
    }
    assert payload["chat.posted"]["seen"] == "13"
    assert int(payload["analytics.peak_concurrent_viewers"]["seen"]) == pytest.approx(
        peak, rel=0.05
    )
    assert (
        f"about {duration_text(rounded(vod['duration'] * 1000))},"
        in payload["vod.duration"]["wanted"]
    )
    counts = report["counts"]
    for kind in ("ChatSettingsChanged", "FaultStarted", "UserFollowed", "StreamEnded", "VodReady"):
        assert counts[f"event/{kind}"] == 1, kind
    # and the exact log is replayed byte for byte.
    log = tmp_path / "mine.jsonl"
    again = played(log)
    assert again["log_hash"] == hashlib.sha256(log.read_bytes()).hexdigest()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_scenario_record_command_ended_by_a_signal_leaves_a_file(
    tmp_path: Path, end: signal.Signals
) -> None:
    path = tmp_path / "mine.yaml"
    with platform() as walk, recording(walk, path, end):
        walk.create()

    assert "stream.create" in path.read_text("utf-8")
