"""A Docker engine: the one of this machine, or one that the tests start.

Starting one needs root. It pulls nothing: mmdebstrap makes the base images from Debian's packages,
as for the official images, and gives them the official names.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.docs import PROJECT
from tests.support.live_server import until
from tests.support.required_programs import need

IMAGE = "live-emulator"
_BUILD_SECONDS = 1800
_DEBIAN = "debian:trixie-slim"
_CA = Path("/etc/ssl/certs/ca-certificates.crt")
_SLIM = [f"path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "info", "doc")]
_APT = "apt-get update -qq && apt-get install -y -qq --no-install-recommends"
_MADE = {
    _DEBIAN: """FROM scratch
ADD base.tar /
COPY ca.crt /etc/pip-ca.crt
RUN printf '[global]\\ncert = /etc/pip-ca.crt\\n' >/etc/pip.conf
""",
    "python:3.13-slim": f"""FROM {_DEBIAN}
RUN {_APT} python3 && ln -s python3 /usr/bin/python
""",
    "mcr.microsoft.com/devcontainers/python:3.13": f"""FROM python:3.13-slim
RUN {_APT} python3-pip python3-venv procps && rm /usr/lib/python3.13/EXTERNALLY-MANAGED
""",
}


class Engine:
    """An engine, used by the `docker` command and by every program that runs in `environment`."""

    def __init__(self, host: str = "") -> None:
        # The old builder, since BuildKit needs a plugin.
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        if host:
            # Testcontainers' cleanup container would have to be pulled from a registry.
            self.environment |= {"DOCKER_HOST": host, "TESTCONTAINERS_RYUK_DISABLED": "true"}
        self.is_own = bool(host)

    def run(self, *words: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", *words],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def docker(self, *words: str, seconds: float = 120) -> str:
        """Run `docker`, and return its output. The test fails if the command does."""
        done = self.run(*words, seconds=seconds)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return shown

    @contextmanager
    def container(self, *options: str, image: str = IMAGE) -> Iterator[str]:
        """Start a container, and return its id. It is removed at the end."""
        name = self.docker("run", "--detach", *options, image)
        try:
            yield name
        finally:
            self.docker("rm", "--force", name)

    def until_healthy(self, container: str) -> None:
        """Wait until the image's health check passes."""

        def is_healthy() -> bool:
            state = self.inspect(container)["State"]
            assert state["Running"], self.run("logs", container).stderr
            return bool(state["Health"]["Status"] == "healthy")

        until(is_healthy, "the container is healthy")

    def address(self, container: str, port: str) -> str:
        """The address of a container's port on this machine, such as 127.0.0.1:49153."""
        return self.docker("port", container, port).splitlines()[0]


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """An engine that has the project's image. The files of a started engine stay in `folder`."""
    need("docker")
    with ExitStack() as stack:
        engine = Engine()
        if engine.run("info").returncode != 0:
            engine = Engine(stack.enter_context(_daemon(folder)))
            for name, text in _MADE.items():
                _make(engine, folder, name, text)
        engine.docker("build", "--tag", IMAGE, ".", seconds=_BUILD_SECONDS)
        yield engine


@contextmanager
def _daemon(folder: Path) -> Iterator[str]:
    program = need("dockerd")
    need("mmdebstrap")
    if os.geteuid() != 0:
        pytest.skip("no Docker engine runs here, and starting one needs root")
    folder.mkdir(parents=True, exist_ok=True)
    # The path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="docker-") as run, (folder / "log").open("wb") as log:
        host = f"unix://{run}/socket"
        command = [program, "--host", host, "--data-root", str(folder / "data")]
        command += ["--exec-root", f"{run}/exec", "--pidfile", f"{run}/pid"]
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            asked = Engine(host)
            until(
                lambda: asked.run("info").returncode == 0 or daemon.poll() is not None,
                "the Docker engine listens",
            )
            if daemon.poll() is not None:
                lines = (folder / "log").read_text().splitlines()
                pytest.skip(f"no Docker engine can run here: {lines[-1]}")
            yield host
        finally:
            daemon.terminate()
            daemon.wait(60)


def _make(engine: Engine, folder: Path, name: str, text: str) -> None:
    if engine.run("image", "inspect", name).returncode == 0:
        return
    context = folder / "context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    if name == _DEBIAN:
        shutil.copy(_CA, context / "ca.crt")
        _write_debian(context / "base.tar")
    (context / "Dockerfile").write_text(text)
    engine.docker("build", "--tag", name, str(context), seconds=_BUILD_SECONDS)
    shutil.rmtree(context)


def _write_debian(target: Path) -> None:
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    [mirror, *_] = [line.split()[1] for line in sources.splitlines() if line.startswith("URIs:")]
    keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    command = ["mmdebstrap", "--mode=root", "--variant=minbase"]
    command += [f"--dpkgopt={option}" for option in _SLIM]
    command += ["trixie", str(target), f"deb {keyring} {mirror} trixie main"]
    subprocess.run(command, check=True, capture_output=True, timeout=_BUILD_SECONDS)
