"""`python -m tests.trials.oldest`: save this version's data, to test that later versions open it.

Writes `fixtures/data/VERSION.tar.xz`: a data folder with a recording, an album and a chat message,
the same world as a file with a snapshot in it, and a scenario that was recorded from it. Keys and
certificates are left out, since a start creates missing ones.
"""

import io
import lzma
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from emulator.media.publisher.rtmp_client import Accepted
from emulator.version import __version__
from tests.support.encoders import film
from tests.support.live_server import Walk, child
from tests.support.tag_publisher import Replay, tags_of
from tests.trials.trial import scratch

FIXTURES = Path(__file__).parents[2] / "fixtures" / "data"
_PRIVATE = {"lock", "ca.key", "ca.pem", "server.pem", "steering.key"}
_OPTIONS = ("--reconnect-window", "1", "--segment-seconds", "1")


def main() -> int:
    with scratch("oldest") as folder:
        data = folder / "data"
        with child(data, *_OPTIONS) as serving:
            walk = serving.walk()
            recording = folder / "recorded.yaml"
            recorder = _recorder(walk, recording)
            _live_a_little(walk)
            recorder.send_signal(signal.SIGINT)
            recorder.communicate(timeout=60)
            admin = walk.ready["admin"]
            walk.ask("POST", f"{admin}/snapshots", {"name": "kept"}, key=None)
            (folder / "world.zip").write_bytes(walk.get(f"{admin}/worlds/default/file").body)
            serving.process.send_signal(signal.SIGTERM)
            serving.said()
        path = FIXTURES / f"{__version__}.tar.xz"
        path.write_bytes(_packed(folder))
        print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


def _recorder(walk: Walk, path: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "emulator", "scenario", "record", str(path)]
    return subprocess.Popen([*command, "--server", walk.ready["http"]], stdout=subprocess.DEVNULL)


def _live_a_little(walk: Walk) -> None:
    stream = walk.create("Kept")
    walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "Kept line"})
    walk.ask("POST", "/videos/albums", {"title": "Kept album"})
    replay = Replay(stream["rtmp_url"], stream["stream_key"])
    with replay.plug:
        if not isinstance(replay.publish(), Accepted):
            raise RuntimeError("the publish was refused")
        replay.send(tags_of(film(seconds=3, size="64x36", rate="10")))
        walk.until_parts(stream, 1)
        replay.finish()
    walk.until_vod(stream)


def _packed(folder: Path) -> bytes:
    """Pack the folder; equal files give equal bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_file() and path.name not in _PRIVATE and "ready" not in path.name:
                tar.add(path, name, filter=_anonymous)
    return lzma.compress(packed.getvalue(), preset=9)


def _anonymous(member: tarfile.TarInfo) -> Any:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    sys.exit(main())
