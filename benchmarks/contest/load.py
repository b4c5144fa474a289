"""Load: publishers as a child process, so that their cost is not the server's nor the watchers'."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class Load:
    """Running publishers. `starts`: when each one's first picture was due (monotonic seconds).

    `results` is filled at the end of the block with the figures that `replay` prints.
    """

    starts: list[float]
    pid: int
    results: dict[str, Any] = field(default_factory=dict)


@contextmanager
def sending(clip: Path, addresses: Sequence[tuple[str, str]]) -> Iterator[Load]:
    """Publish `clip` to all of `addresses` in real time while the block runs."""
    command = [sys.executable, "-m", "benchmarks.contest.replay"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps({"clip": str(clip), "addresses": list(addresses)}) + "\n")
            child.stdin.flush()
            load = Load(_line(child.stdout)["starts"], child.pid)
            yield load
            child.stdin.close()
            load.results = _line(child.stdout)
        except BaseException:
            child.kill()
            raise


def _line(stream: IO[str]) -> dict[str, Any]:
    line = stream.readline()
    if not line:
        raise RuntimeError("the publishers ended without a word")
    payload: dict[str, Any] = json.loads(line)
    return payload
