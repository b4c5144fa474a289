"""The how-to page about comparing: mitmproxy between a client and a platform that differs."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.cli import main
from tests.support.commands import finished
from tests.support.docs import PROJECT, commands
from tests.support.live_server import Walk, platform, until
from tests.support.required_programs import need

PAGE = PROJECT / "docs/how-to/compare.md"
PATIENCE_SECONDS = 300
# A change that no fault makes: a field has another name.
RENAME = ("--modify-body", '/~s & ~u auth.me/"username":/"plan":')

pytestmark = pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ,
    reason="installs mitmproxy, 130 MB: asked for by `make slow`",
)


def lines_with(*words: str) -> list[str]:
    lines = [shown.line for shown in commands(PAGE)]
    return [line for line in lines if all(word in line for word in words)]


@pytest.fixture(scope="session")
def mitmdump(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The machine's mitmdump, or one in a new environment, where pip can install it."""
    if program := shutil.which("mitmdump"):
        return program
    folder = tmp_path_factory.mktemp("mitmproxy")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "mitmproxy"]
    done = finished(install)
    if done.returncode:
        pytest.skip(f"pip cannot have mitmproxy: {done.stderr.strip()[-200:]}")
    return str(folder / "bin/mitmdump")


@pytest.fixture
def real() -> Iterator[Walk]:
    """A platform that differs from the emulator in one field."""
    with platform(tls=True, seed="none") as walk:
        faults = f"{walk.ready['admin']}/faults"
        fault = {"api.fail": {"path": "/streams/tags", "status": 503}}
        assert walk.ask("POST", faults, fault).status == 201
        yield walk


@contextmanager
def proxy(line: str, mitmdump: str, walk: Walk, folder: Path) -> Iterator[str]:
    """Run the page's command on a free port; it trusts the CA of the other platform."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    host = walk.ready["http"].removeprefix("https://")
    line = line.replace("PLATFORM_HOST", host).replace("8080", str(port))
    trust = f"ssl_verify_upstream_trusted_ca={walk.ready['ca']}"
    own = f"confdir={folder / 'mitmproxy'}"
    words = [mitmdump, *shlex.split(line)[1:], "--set", trust, "--set", own, *RENAME]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens, "mitmproxy listens")
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def test_compare_page_finds_the_differences_of_the_other_platform(
    real: Walk, mitmdump: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a client whose calls of the other platform pass through mitmproxy,
    (line,) = lines_with("mitmdump", "reverse:")
    with proxy(line, mitmdump, real, tmp_path) as base:
        client = Walk({**real.ready, "http": base})
        client.ask("GET", "/streams/tags", key="")
        client.ask("GET", "/auth/me")
        stream = client.ask("POST", "/streams/", {"title": "Recorded"}).json
        client.ask("GET", f"/streams/id/{stream['id']}")
        client.ask("POST", f"/streams/id/{stream['id']}/start")

    # when the emulator gets the same calls, then the verdict names the two differences only.
    capture = str(tmp_path / "capture.har")
    assert main(["contract", "--check", capture]) == 1
    text = capsys.readouterr().out
    assert "1: GET /api/v1/streams/tags\n    status 503 there, 200 here\n" in text
    assert "    $.plan is missing here (string there)\n" in text
    assert "    $.username is missing there (string here)\n" in text
    assert text.endswith("5 requests replayed, 2 answered differently.\n")

    # Requests to the emulator contain no key from the capture.
    assert "ak_demo" in Path(capture).read_text("utf-8")
    main(["contract", "--check", capture, "--json"])
    text = capsys.readouterr().out
    assert len(json.loads(text)) == 5
    assert "ak_demo" not in text
    assert stream["stream_key"] not in text


def test_compare_page_proxy_serves_an_app_with_a_fixed_address(
    real: Walk, mitmdump: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("curl")
    (line,) = lines_with("mitmdump", "--listen-port")
    (call,) = lines_with("curl", "--proxy")
    with proxy(line, mitmdump, real, tmp_path) as base:
        call = call.replace("http://127.0.0.1:8080", base)
        call = call.replace("https://PLATFORM_HOST", real.ready["http"])
        call = call.replace("~/.mitmproxy", str(tmp_path / "mitmproxy"))
        # The environment must not name another proxy, or hosts without a proxy.
        subprocess.run(["curl", "--noproxy", "", *shlex.split(call)[1:]], check=True)

    assert main(["contract", "--check", str(tmp_path / "capture.har")]) == 1
    assert "status 503 there, 200 here" in capsys.readouterr().out
