"""The project's container image: built by buildah, run in namespaces, without a daemon.

The base image is made of Debian's packages by mmdebstrap, as the official one is, and has its name:
nothing is fetched from a registry of images.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.docs import PROJECT
from tests.support.live_server import until
from tests.support.required_programs import need

BASE = "docker.io/library/debian:trixie-slim"
IMAGE = "localhost/live-emulator:test"
BUILD_SECONDS = 1200
_CA = Path("/etc/ssl/certs/ca-certificates.crt")
_SLIM = [f"path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "info", "doc")]
_MADE = """FROM scratch
ADD base.tar /
COPY ca.crt /etc/pip-ca.crt
RUN printf '[global]\\ncert = /etc/pip-ca.crt\\n' >/etc/pip.conf
"""


@dataclass
class Image:
    """A built image: its root file system, and its configuration as Docker has it."""

    root: Path
    config: dict[str, Any]
    size_bytes: int


@dataclass
class Container:
    """One that runs, at the address `host`. `enter` is the command by which others come in."""

    host: str
    process: "subprocess.Popen[bytes]"
    log: Path
    enter: list[str]

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """A program inside, as the container's user."""
        words = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net"]
        return subprocess.run(
            [*words, *self.enter, *command], capture_output=True, text=True, timeout=60
        )

    def stop(self) -> int:
        """Stop it as `docker stop` does; its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(60)

    @property
    def pid(self) -> int:
        """The process that is the first inside, as this machine numbers it; itself until then."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else pid


@contextmanager
def built_image(folder: Path) -> Iterator[Image]:
    """The image of the project's Dockerfile. What was built stays in `folder` for another time."""
    for program in ("buildah", "mmdebstrap", "unshare", "nsenter", "ip"):
        need(program)
    if os.geteuid() != 0:
        import pytest

        pytest.skip("a network of its own for a container needs root here")
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    store = ["--root", str(folder / "store"), "--runroot", str(folder / "run")]

    def buildah(*words: str) -> str:
        process = subprocess.run(
            ["buildah", *store, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
        )
        assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-2000:]
        return process.stdout.strip()

    folder.mkdir(parents=True, exist_ok=True)
    if BASE not in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        _write_base(folder / "base")
        buildah("bud", "--tag", BASE, str(folder / "base"))
    words = ["--format", "docker", "--pull-never", "--layers"]
    buildah("bud", *words, "--tag", IMAGE, str(PROJECT))
    inspected = json.loads(buildah("inspect", "--type", "image", IMAGE))
    listed = json.loads(buildah("images", "--json", IMAGE))
    name = buildah("from", "--pull-never", IMAGE)
    try:
        yield Image(
            Path(buildah("mount", name)), inspected["Docker"]["config"], _bytes(listed[0]["size"])
        )
    finally:
        buildah("umount", name)
        buildah("rm", name)


def _write_base(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    [mirror, *_] = [line.split()[1] for line in sources.splitlines() if line.startswith("URIs:")]
    keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    command = ["mmdebstrap", "--mode=root", "--variant=minbase"]
    command += [f"--dpkgopt={option}" for option in _SLIM]
    command += ["trixie", str(folder / "base.tar"), f"deb {keyring} {mirror} trixie main"]
    subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)
    shutil.copy(_CA, folder / "ca.crt")
    (folder / "Containerfile").write_text(_MADE)


def _bytes(size: str) -> int:
    number, unit = size.split()
    return int(float(number) * {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])


# What stands in for a container engine: the first process inside is the image's own.
_START = """set -e
root=$1 data=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"
exec "$@"
"""


@contextmanager
def running(
    image: Image, folder: Path, number: int, user: str = "", **environment: str
) -> Iterator[Container]:
    """The image as a container with a root that is read only, in a network of its own.

    `folder` keeps its volume /data. `number`, 1 to 200, is of its network and of no other's.
    """
    name = f"live-emulator-{os.getpid()}-{number}"
    data, log, config = folder / "data", folder / "log", image.config
    # A new volume has the mode and the owner of the image's folder.
    if not data.exists():
        data.mkdir()
        owner = (image.root / "data").stat()
        os.chown(data, owner.st_uid, owner.st_gid)
        data.chmod(owner.st_mode & 0o7777)
    variables = [*config["Env"], *(f"{key}={value}" for key, value in environment.items())]
    enter = ["chroot", f"--userspec={user or config['User']}", "--groups=", str(image.root)]
    enter += ["env", "--ignore-environment", "--chdir", config["WorkingDir"], *variables]
    start = ["ip", "netns", "exec", name, "unshare", "--mount", "--pid", "--fork", "--kill-child"]
    start += ["sh", "-c", _START, "sh", str(image.root), str(data), *enter]
    with _network(name, number) as host, log.open("wb") as out:
        process = subprocess.Popen(
            [*start, *config["Entrypoint"], *config["Cmd"]], stdout=out, stderr=out
        )
        container = Container(host, process, log, enter)
        try:
            yield container
        finally:
            # With the first process inside, all others of its namespace end.
            if process.poll() is None:
                os.kill(container.pid, signal.SIGKILL)
            process.wait(60)


@contextmanager
def _network(name: str, number: int) -> Iterator[str]:
    """A network with this machine and the container in it; the container's address."""

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    outside = f"le{os.getpid() % 100_000}x{number}"
    subnet = f"10.{64 + os.getpid() % 128}.{number}"
    ip("netns", "add", name)
    try:
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{subnet}.1/30", "dev", outside)
        ip("link", "set", outside, "up")
        for words in (
            ("addr", "add", f"{subnet}.2/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", name, *words)
        yield f"{subnet}.2"
    finally:
        ip("netns", "del", name)


def until_healthy(container: Container, check: list[str]) -> None:
    """Wait until the image's own health check, run inside, says that it is well."""
    assert check[0] == "CMD"

    def is_healthy() -> bool:
        assert container.process.poll() is None, container.log.read_text()
        return container.run(*check[1:]).returncode == 0

    until(is_healthy, "the container is healthy")
