"""The command as people and scripts run it: real processes, real ports, real signals."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import finished, live_emulator
from tests.support.live_server import Walk, platform, until

PATIENCE_SECONDS = 120
ANY_PORTS = ("--port", "0", "--rtmp-port", "0", "--rtmps-port", "0")


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return finished(live_emulator(*arguments), env={**os.environ, **environment})


@contextmanager
def serving(data: str, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A running `serve --json`, and its first line of output."""
    with subprocess.Popen(
        live_emulator("serve", "--json", "--data", data, *ANY_PORTS, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_command_prints_its_addresses_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    # Given a server that writes its addresses to a file,
    file = tmp_path / "ready.json"
    with serving(str(tmp_path / "data"), "--ready-file", str(file)) as (process, ready):
        # when it listens, then everything in the file is true, and API and CA are there;
        assert json.loads(file.read_text()) == ready
        assert ready["pid"] == process.pid
        assert Walk(ready).get(f"{ready['http']}/_emulator/info").json == ready
        assert Path(ready["ca"]).exists()

        # and after SIGTERM it stops and removes the file.
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert complaint == ""
        assert not file.exists()


def test_serve_command_ends_with_the_program_that_holds_its_stdin(tmp_path: Path) -> None:
    # Given a program that has started a server and holds the other end of its stdin,
    serve = live_emulator("serve", "--json", "--data", ":memory:", *ANY_PORTS, "--until-stdin-ends")
    holder = f"""
import subprocess
process = subprocess.Popen({serve!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(process.stdout.readline().decode(), end="", flush=True)
process.wait()
"""
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as program:
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        assert Path(ready["ca"]).exists()

        # when the program is killed, then the server stops in good order and removes its temporary
        # folder.
        program.kill()
    until(lambda: not Path(ready["ca"]).parent.exists(), "the server has removed its folder")


def test_serve_command_second_start_on_a_folder_names_the_first(tmp_path: Path) -> None:
    with serving(str(tmp_path)) as (process, ready):
        second = run("serve", "--data", str(tmp_path), *ANY_PORTS)

    assert second.returncode == 2
    assert f"pid {process.pid} at {ready['http']}" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("flag", ["--port", "--rtmp-port", "--rtmps-port"])
def test_serve_command_occupied_port_names_its_process(flag: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ports = dict(zip(ANY_PORTS[::2], ANY_PORTS[1::2], strict=True)) | {flag: port}
        flags = [word for pair in ports.items() for word in pair]

        failed = run("serve", "--data", str(tmp_path), *flags)

    assert failed.returncode == 2
    assert f"Port {port} is used by " in failed.stderr
    assert f"(pid {os.getpid()})" in failed.stderr
    assert f"choose another with {flag}" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


def test_serve_command_foreign_host_is_named(tmp_path: Path) -> None:
    host = "203.0.113.9"  # An address for documents (RFC 5737).
    failed = run("serve", "--data", str(tmp_path), "--host", host, *ANY_PORTS)

    assert failed.returncode == 2
    text = f"live-emulator serve: {host} is no address of this machine: choose another with --host."
    assert failed.stderr.splitlines() == [text]


def test_watch_command_follows_a_stream_by_id_or_uid_until_it_ends() -> None:
    with platform() as walk:
        stream = walk.create("Followed")
        followers = [
            subprocess.Popen(
                live_emulator("watch", name, "--json", "--server", walk.ready["http"]),
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in (stream["id"], stream["cloudflare_stream_id"])
        ]
        firsts = [
            json.loads(follower.stdout.readline()) for follower in followers if follower.stdout
        ]
        walk.ask("POST", f"/streams/id/{stream['id']}/end")
        lasts = [follower.communicate(timeout=PATIENCE_SECONDS)[0] for follower in followers]

    for first, last, follower in zip(firsts, lasts, followers, strict=True):
        assert first["status"] == "offline"
        assert first["watch_url"].endswith(f"/{stream['cloudflare_stream_id']}/watch")
        assert json.loads(last.splitlines()[-1])["status"] == "ended"
        assert follower.returncode == 0


def test_watch_command_reports_a_missing_stream() -> None:
    with platform() as walk:
        unknown = run("watch", "nothing", "--server", walk.ready["http"])
    gone = run("watch", "nothing", "--server", walk.ready["http"])

    assert unknown.returncode == 1
    assert "There is no stream 'nothing'" in unknown.stderr
    assert gone.returncode == 1
    assert "No emulator answers at" in gone.stderr


def test_obs_profile_command_writes_for_the_owner_alone(tmp_path: Path) -> None:
    with platform() as walk:
        stream = walk.create()
        at = ("--server", walk.ready["http"], "--out", str(tmp_path / "profile"))
        stranger = run("obs-profile", stream["id"], *at, "--api-key", "ak_auto_eve")
        owner = run("obs-profile", stream["id"], *at)

    assert stranger.returncode == 1
    assert "Only the stream's owner" in stranger.stderr
    assert owner.returncode == 0
    service = json.loads((tmp_path / "profile/service.json").read_text())
    assert service["settings"]["key"] == stream["stream_key"]
    assert service["settings"]["server"] == walk.ready["rtmp"]


def test_demo_command_sees_live_played_ended_and_a_vod(tmp_path: Path) -> None:
    done = run("demo", "--seconds", "3", "--data", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "played a part: 1280x720" in done.stdout
    assert "Server  rtmp://127.0.0.1:" in done.stdout
    film = tmp_path / "live-emulator-demo.mp4"
    assert f"VOD     {film}" in done.stdout
    assert film.read_bytes()[4:8] == b"ftyp"


def test_demo_command_in_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    folders = {name: tmp_path / name.lower() for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR")}
    for folder in (*folders.values(), tmp_path / "project"):
        folder.mkdir()

    done = finished(
        live_emulator("demo", "--seconds", "1", "--data", ":memory:"),
        cwd=tmp_path / "project",
        env={**os.environ, **{name: str(folder) for name, folder in folders.items()}},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing of it is left behind" in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "project").iterdir()) == []


def test_demo_command_interrupted_ends_its_stream_and_keeps_the_vod(tmp_path: Path) -> None:
    with subprocess.Popen(
        live_emulator("demo", "--data", str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("played"):
                break
        demo.send_signal(signal.SIGINT)
        shown, complaint = demo.communicate(timeout=PATIENCE_SECONDS)

    assert demo.returncode == 0, shown + complaint
    assert "  VOD     " in shown
    # It has released the folder and stopped the publisher.
    assert until(lambda: not (tmp_path / "running.json").exists(), "the folder to be free")


def test_demo_command_stopped_at_once_ends_cleanly_or_with_a_message(tmp_path: Path) -> None:
    with subprocess.Popen(
        live_emulator("demo", "--data", str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        # From its first output line on, a signal ends it in good order.
        assert demo.stdout is not None
        demo.stdout.readline()
        demo.send_signal(signal.SIGTERM)
        _, complaint = demo.communicate(timeout=PATIENCE_SECONDS)

    assert demo.returncode in {0, 1}
    assert "Traceback" not in complaint


def test_publish_command_uses_the_rtmp_address_and_reads_durations() -> None:
    with platform() as walk:
        stream = walk.create("By its server")
        done = run(
            *("publish", stream["stream_key"], "--server", walk.ready["http"]),
            *("--seconds", "1.5s", "--size", "160x90", "--json"),
            LIVE_EMULATOR_RTMP_URL="",
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["state"] == "ended"
        assert walk.until_status(stream, "ended")["started_at"]
