"""Compare starts after a kill with starts after a clean stop, alternately on one data folder.

`python -m tests.trials.starts`, and the last part of `make kill`. The folder has a hundred
recordings; at each kill a stream is live and a user writes. A start is measured from the process's
birth to its ready file, and the medians of the same run are compared.
"""

import argparse
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulator.media.publisher.rtmp_client import Accepted
from tests.support.encoders import film
from tests.support.live_server import Child
from tests.support.tag_publisher import Replay, tags_of
from tests.trials.trial import Trial, run

OPTIONS = ("--reconnect-window", "1", "--segment-seconds", "1")
ENV = {"LIVE_EMULATOR_STREAM_CREATIONS_PER_MINUTE": "0"}
# The largest ratio of a start after a crash to one after a clean stop.
TIMES_MAX = 2.0
# On a busy machine a start of low priority may get no processor for a minute.
_READY_SECONDS = 300
_BETWEEN_LOOKS_SECONDS = 0.002
_WRITES = 50


@dataclass
class Starts:
    """The measured starts, in seconds."""

    recordings: int = 0
    clean: list[float] = field(default_factory=list)
    crash: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(self.crash) / statistics.median(self.clean)

    def rows(self) -> list[Sequence[object]]:
        """Rows for the trial's table."""
        if not self.crash:
            return []
        what = f"in turns, {self.recordings} recordings: start after a"
        rows: list[Sequence[object]] = [
            (f"{what} {name}, median of {len(values)}", _seconds(values))
            for name, values in (("clean stop", self.clean), ("crash", self.crash))
        ]
        return [*rows, ("the second, times the first", f"{self.ratio:.2f}")]


STARTS = Starts()


def alternate(trial: Trial, recordings: int, rounds: int) -> None:
    """Fill `STARTS`, and note a fault where starts after a crash take too long."""
    data = trial.folder / "starts"
    STARTS.recordings = recordings
    _record(trial, data, recordings)
    for number in range(rounds):
        child, seconds = _start(data)
        STARTS.clean.append(seconds)
        _kill_under_way(child, f"Round {number}")
        child, seconds = _start(data)
        STARTS.crash.append(seconds)
        _stop(child)
        trial.progress(f"starts: round {number + 1} of {rounds}")
    if STARTS.crash and STARTS.ratio > TIMES_MAX:
        trial.fault(f"a start after a crash takes {STARTS.ratio:.2f} times one after a clean stop")


def _record(trial: Trial, data: Path, count: int) -> None:
    child, _ = _start(data)
    walk = child.walk()
    streams = []
    for number in range(count):
        stream = walk.create(f"Recording {number}")
        _publish(stream["rtmp_url"], stream["stream_key"], is_finished=True)
        streams.append(stream)
        trial.progress(f"starts: {number + 1} of {count} streams recorded")
    for stream in streams:
        walk.until_vod(stream)
    _stop(child)


def _publish(url: str, key: str, *, is_finished: bool) -> Replay:
    replay = Replay(url, key)
    answer = replay.publish()
    if not isinstance(answer, Accepted):
        raise RuntimeError(f"a publish was refused: {answer}")
    replay.send(tags_of(film(seconds=3, size="64x36", rate="10")))
    if is_finished:
        replay.finish()
        replay.plug.close()
    return replay


def _kill_under_way(child: Child, title: str) -> None:
    walk = child.walk()
    stream = walk.create(title)
    replay = _publish(stream["rtmp_url"], stream["stream_key"], is_finished=False)
    with replay.plug:
        walk.until_parts(stream, 0)
        for _ in range(_WRITES):
            walk.ask("POST", "/videos/albums", {"title": "Kept"})
        child.process.send_signal(signal.SIGKILL)
        child.said()


def _start(data: Path) -> tuple[Child, float]:
    began = time.monotonic()
    child = Child(data, *OPTIONS, env=ENV)
    while not child.ready_file.exists():
        if child.process.poll() is not None or time.monotonic() - began > _READY_SECONDS:
            child.process.kill()
            raise RuntimeError(f"it did not start: {child.said()}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    return child, time.monotonic() - began


def _stop(child: Child) -> None:
    child.process.send_signal(signal.SIGTERM)
    child.said()


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f} s)"


def body(trial: Trial, arguments: argparse.Namespace) -> None:
    alternate(trial, arguments.recordings, arguments.rounds)


def report() -> Sequence[Sequence[object]]:
    return [("what", "result"), *STARTS.rows()]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)


if __name__ == "__main__":
    sys.exit(run("starts", body, report, options))
