"""On Windows' own Python, under Wine: `make windows`. See `tests/support/windows_python`."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import windows_like
from tests.support.commands import live_emulator
from tests.support.docs import PROJECT
from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import Walk, until
from tests.support.windows_python import WindowsPython, installed

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_EMULATOR_TESTS_SLOW"),
    reason="installing Windows' Python takes a minute: `make windows`, or ..._SLOW=1",
)
_END_SECONDS = 120
_FLOWS_SECONDS = 3 * 3600
_IS_WINDOWS = """

def test_platform_is_windows():
    assert os.name == "nt"
"""


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> WindowsPython:
    named = os.environ.get("LIVE_EMULATOR_TESTS_WINDOWS")
    return installed(Path(named) if named else tmp_path_factory.mktemp("windows"))


class Serving:
    """`live-emulator serve` on Windows; it ends when its standard input is closed."""

    def __init__(self, windows: WindowsPython, data: Path, *options: str) -> None:
        ready = data.with_name("ready.json")
        ready.unlink(missing_ok=True)
        command = [*windows.command, "-m", "emulator", "serve", "--data", str(data)]
        command += ["--ready-file", str(ready), "--until-stdin-ends", "--streams-per-user", "0"]
        command += ["--port", "0", "--rtmp-port", "0", "--rtmps-port", "0", *options]
        # Pipes, since under Wine Python does not accept an inherited file.
        self.process = subprocess.Popen(
            command,
            env=windows.environment,
            cwd=data.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        until(lambda: ready.exists() or self.process.poll() is not None, "it listens")
        assert self.process.poll() is None, self.stop()
        self.walk = Walk(json.loads(ready.read_text()))

    def stop(self) -> str:
        """Close its standard input, unless it has ended; return its whole output."""
        return self.process.communicate(timeout=_END_SECONDS)[0].decode("cp1252")


@contextmanager
def serving(windows: WindowsPython, data: Path, *options: str) -> Iterator[Serving]:
    serving = Serving(windows, data, *options)
    try:
        yield serving
    finally:
        if serving.process.poll() is None:
            serving.process.kill()
            serving.stop()


def test_windows_doctor_finds_the_packages_requirements(
    windows: WindowsPython, tmp_path: Path
) -> None:
    done = windows.run("-m", "emulator", "doctor", "--json", folder=tmp_path)

    findings: list[dict[str, str]] = json.loads(done.stdout)
    # Its default ports are free as far as they are free on this machine.
    states = {finding["state"] for finding in findings if "port" not in finding["name"]}
    assert states == {"ok"}, done.stdout
    assert "AppData" in done.stdout


def test_windows_demo_goes_live_by_rtmps_and_keeps_a_recording(
    windows: WindowsPython, tmp_path: Path
) -> None:
    command = ("-m", "emulator", "demo", "--seconds", "5", "--data", ":memory:")
    done = windows.run(*command, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "played a part: 1280x720" in done.stdout
    assert "the VOD has" in done.stdout


def test_windows_serve_goes_from_publishing_to_a_deleted_vod(
    windows: WindowsPython, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with serving(windows, data, "--reconnect-window", "0.5") as server:
        walk = server.walk
        # A second emulator is refused its folder;
        second = windows.run("-m", "emulator", "serve", "--data", str(data), folder=tmp_path)
        assert second.returncode == 2
        assert walk.ready["http"] in second.stderr

        # when ffmpeg publishes, players watch it, and a command finds it by itself;
        stream = walk.create("Grüße 🎬")
        with pushing(address_of(stream), film(), is_endless=False) as push:
            walk.until_first_part(stream)
            assert walk.newest_parts(stream)
            find = ("-m", "emulator", "streams")
            listed = windows.run(*find, folder=tmp_path, LIVE_EMULATOR_DATA=str(data))
            assert "Grüße \\U0001f3ac" in listed.stdout, listed.stderr
            push.said()
        vod = walk.until_vod(stream)
        assert len(play(vod["video_url"]).video) == 120
        mp4 = walk.get(vod["mp4_url"])
        assert (mp4.status, mp4.body[4:8]) == (200, b"ftyp")

        # and deleted streams have no files any more.
        folder = data / "media" / stream["cloudflare_stream_id"]
        assert list(windows_like.names_refused(data, str(Path("x" * 60)))) == []
        assert walk.ask("DELETE", f"/streams/vods/{vod['id']}").status in (200, 204)
        until(lambda: not folder.exists(), "the media is removed")

        log = server.stop()
        assert server.process.returncode == 0
        assert not any(word in log for word in (" WARNING ", " ERROR ", "Traceback"))
    assert not (data / "running.json").exists()


def test_windows_serve_takes_whip_over_udp(windows: WindowsPython, tmp_path: Path) -> None:
    with serving(windows, tmp_path / "data") as server:
        stream = server.walk.create()
        whip = server.walk.ready["http"]
        command = live_emulator("publish", stream["stream_key"], "--whip", whip)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publisher:
            try:
                server.walk.until_status(stream, "live")
            finally:
                publisher.terminate()
        server.stop()
        assert server.process.returncode == 0


def test_windows_serve_takes_the_folder_of_one_that_was_killed(
    windows: WindowsPython, tmp_path: Path
) -> None:
    with serving(windows, tmp_path / "data") as server:
        stream = server.walk.create()
        server.process.kill()
        server.stop()

    with serving(windows, tmp_path / "data") as again:
        assert again.walk.stream(stream)["status"] == "offline"
        again.stop()


def test_windows_exec_runs_a_suite_with_the_pytest_plugin(
    windows: WindowsPython, tmp_path: Path
) -> None:
    (tmp_path / "test_suite.py").write_text(windows_like.SUITE + _IS_WINDOWS)
    suite = (str(windows.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_suite.py")

    done = windows.run("-m", "emulator", "exec", "--", *suite, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_windows_trust_names_the_commands_of_windows(
    windows: WindowsPython, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "data"))
    done = windows.run("-m", "emulator", "trust", "--install", "--dry-run", *data, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "certutil" in done.stdout


@pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_WINDOWS" not in os.environ,
    reason="the flows take a quarter of an hour there: `make windows`",
)
def test_windows_flows_pass(windows: WindowsPython) -> None:
    options = ("-q", "--tb=short", "-p", "no:cacheprovider")
    # Generous times, for a busy machine.
    done = windows.run(
        "-m",
        "pytest",
        *options,
        "tests/flows",
        folder=PROJECT,
        patience_seconds=_FLOWS_SECONDS,
    )

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
