"""`make kill`: kill -9 at random instants, while writers record which requests were answered.

A life is one data folder and several cycles. Each cycle starts an emulator, checks that all earlier
answered writes are there, and kills it at a random instant of one moment of the matrix. At the end
of a life all jobs must have finished. The time of a start after a kill is judged last, in a
separate folder (`starts`).
"""

import argparse
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urljoin

import httpx

from emulator.media.publisher.rtmp_client import Accepted
from tests.support.encoders import film
from tests.support.live_server import Child, Walk
from tests.support.tag_publisher import Replay, tags_of
from tests.trials import ledger as ledgers
from tests.trials import starts
from tests.trials.ledger import Ledger, until_gone
from tests.trials.trial import Trial, run

_OPTIONS = starts.OPTIONS
# The user has no rate limits.
_ENV = {
    "LIVE_EMULATOR_STREAM_CREATIONS_PER_MINUTE": "0",
    "LIVE_EMULATOR_CHAT_LINES_PER_MINUTE": "0",
    "LIVE_EMULATOR_CHAT_REPEATS_MAX": "0",
}
_CYCLES_A_LIFE = 12
# This many faults are enough to look at: the trial ends.
_FAULTS_MAX = 10
_PACE = 3.0
_DONE_SECONDS = 120
# On a busy machine a start of low priority may get no processor for a minute.
_READY_SECONDS = 300
_BETWEEN_LOOKS_SECONDS = 0.02
_BETWEEN_WRITES_SECONDS = 0.01
# The number of slow requests that the moment makes.
_UPLOADS = 2
# The latest instant of a kill within its moment.
_LATEST_SECONDS = 1.0


@dataclass
class Life:
    """One data folder, and the writes that its emulators have answered."""

    trial: Trial
    data: Path
    chance: Random
    ledger: Ledger = field(default_factory=Ledger)
    # The other possible state after a reset or restore that had no answer; the first is `ledger`.
    alternative: Ledger | None = None
    is_clean: bool = False

    def fault(self, sentence: str) -> None:
        self.trial.fault(f"{self.data.name}: {sentence}")


@dataclass
class Figures:
    """The figures of the table."""

    kills: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    crash_starts: list[float] = field(default_factory=list)
    clean_starts: list[float] = field(default_factory=list)


FIGURES = Figures()


def start(life: Life) -> tuple[Child, Walk]:
    """Start an emulator, wait until it is ready, and note how long that took."""
    began = time.monotonic()
    child = Child(life.data, *_OPTIONS, env=_ENV)
    deadline = began + _READY_SECONDS
    while not child.ready_file.exists():
        if child.process.poll() is not None or time.monotonic() > deadline:
            child.process.kill()
            said = child.said()
            seconds, code = time.monotonic() - began, child.process.returncode
            raise RuntimeError(f"no start after a kill, {code} after {seconds:.0f} s: {said}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    times = FIGURES.clean_starts if life.is_clean else FIGURES.crash_starts
    times.append(time.monotonic() - began)
    return child, child.walk()


def kill(life: Life, child: Child, moment: str) -> None:
    child.process.send_signal(signal.SIGKILL)
    said = child.said()
    if "Traceback" in said:
        life.fault(f"{moment}: its log has a traceback: {said[-2000:]}")
    FIGURES.kills[moment] += 1
    life.is_clean = False


# Writers: each works until its emulator is gone.


def write_albums(walk: Walk, ledger: Ledger) -> None:
    with until_gone():
        while True:
            answer = walk.ask("POST", "/videos/albums", {"title": "Kept"})
            if answer.status == 201:
                ledger.albums.add(answer.json["id"])
            time.sleep(_BETWEEN_WRITES_SECONDS)


def write_lines(walk: Walk, ledger: Ledger) -> None:
    with until_gone():
        stream = create(walk, ledger)
        while True:
            answer = walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "Kept"})
            if answer.status in (200, 201):
                ledger.lines[answer.json["id"]] = stream["id"]
            time.sleep(_BETWEEN_WRITES_SECONDS)


def write_titles(walk: Walk, ledger: Ledger) -> None:
    """Create streams, rename them, and delete every third."""
    with until_gone():
        number = 0
        while True:
            stream = create(walk, ledger)["id"]
            number += 1
            ledger.titles[stream].append(f"Renamed {number}")
            answer = walk.ask("PUT", f"/streams/id/{stream}", {"title": f"Renamed {number}"})
            if answer.status == 200:
                ledger.titles[stream] = [f"Renamed {number}"]
            if number % 3 == 0:
                ledger.doubtful.add(stream)
                if walk.ask("DELETE", f"/streams/id/{stream}").status < 300:
                    ledger.deleted.add(stream)
                    del ledger.titles[stream]
            time.sleep(_BETWEEN_WRITES_SECONDS)


def create(walk: Walk, ledger: Ledger) -> dict[str, Any]:
    stream = walk.create("Kept")
    ledger.titles[stream["id"]] = ["Kept"]
    return stream


def publish(walk: Walk, ledger: Ledger) -> None:
    """Publish, and fetch the listed segments as a player does."""
    with until_gone():
        stream = create(walk, ledger)
        watching = threading.Thread(target=watch, args=(walk, ledger, stream))
        replay = Replay(stream["rtmp_url"], stream["stream_key"])
        with replay.plug:
            if not isinstance(replay.publish(), Accepted):
                return
            watching.start()
            with until_gone():
                began = time.monotonic()
                for tag in tags_of(film(seconds=12)):
                    time.sleep(max(0.0, began + tag.timestamp_ms / 1000 / _PACE - time.monotonic()))
                    replay.send([tag])
        watching.join()


def watch(walk: Walk, ledger: Ledger, stream: dict[str, Any]) -> None:
    base = urljoin(stream["playback_url"], "stream.m3u8")
    with until_gone():
        while True:
            answer = walk.get(base)
            digests = ledger.segments.setdefault(stream["id"], {}) if answer.status == 200 else {}
            for name in ledgers.whole_segments(answer.text) if answer.status == 200 else ():
                if name not in digests:
                    segment = walk.get(urljoin(base, name))
                    if segment.status == 200:
                        digests[name] = ledgers.digest(segment.body)
            time.sleep(_BETWEEN_LOOKS_SECONDS)


def upload(walk: Walk, ledger: Ledger) -> None:
    path = film(seconds=2, form="mp4")
    address = f"{walk.ready['http']}/api/v1/videos/"
    headers = {"Authorization": "Bearer ak_demo"}
    with until_gone(), httpx.Client(headers=headers, timeout=60) as client:
        for _ in range(_UPLOADS):
            files = {"file": (path.name, path.read_bytes())}
            answer = client.post(address, files=files, data={"title": "Kept"})
            if answer.status_code == 201:
                ledger.uploads.add(answer.json()["id"])


def clip(walk: Walk, ledger: Ledger) -> None:
    """Make clips of a recording that is ready; the first cycles of a life have none."""
    body = {"title": "Kept", "start_time": 0, "end_time": 1}
    with until_gone():
        for stream in sorted(ledger.recordings)[:2]:
            answer = walk.ask("POST", f"/streams/{stream}/clips", body)
            if answer.status == 201:
                ledger.clips.add(answer.json["id"])


# Moments of the matrix: each has at least one kill, except `clean`.

Moment = Callable[[Life, Child, Walk], None]


def _during(name: str, *writers: Callable[[Walk, Ledger], None]) -> Moment:
    def act(life: Life, child: Child, walk: Walk) -> None:
        targets = (write_albums, write_lines, write_titles, *writers)
        threads = [threading.Thread(target=write, args=(walk, life.ledger)) for write in targets]
        for thread in threads:
            thread.start()
        time.sleep(life.chance.uniform(0, _LATEST_SECONDS))
        kill(life, child, name)
        for thread in threads:
            thread.join()

    return act


def _replace(life: Life, child: Child, walk: Walk, after: Ledger, name: str, path: str) -> None:
    """Replace the world by a request, and kill during that or just after it."""
    late_seconds = life.chance.uniform(0, 0.15)
    killer = threading.Timer(late_seconds, lambda: kill(life, child, name))
    life.alternative = after
    killer.start()
    with until_gone():
        answer = walk.ask("POST", f"{walk.ready['admin']}{path}", key=None)
        if answer.status == 200:
            life.ledger, life.alternative = after, None
    killer.join()


def reset(life: Life, child: Child, walk: Walk) -> None:
    _some(life, walk)
    _replace(life, child, walk, Ledger(), "reset", "/reset")


def snapshot(life: Life, child: Child, walk: Walk) -> None:
    """Kill while a snapshot is saved or restored."""
    admin = walk.ready["admin"]
    if life.chance.random() < 0.5:
        killer = threading.Timer(life.chance.uniform(0, 0.1), lambda: kill(life, child, "snapshot"))
        killer.start()
        with until_gone():
            while child.process.poll() is None:
                walk.ask("POST", f"{admin}/snapshots", {"name": "kept"}, key=None)
        killer.join()
        return
    _some(life, walk)
    assert walk.ask("POST", f"{admin}/snapshots", {"name": "kept"}, key=None).status == 201
    before = deepcopy_of(life.ledger)
    _some(life, walk)
    _replace(life, child, walk, before, "restore", "/snapshots/kept/restore")


def deepcopy_of(ledger: Ledger) -> Ledger:
    values = {name: deepcopy(value) for name, value in vars(ledger).items() if name != "lock"}
    return Ledger(**values)


def _some(life: Life, walk: Walk) -> None:
    """Create albums by which the check sees later which state the world has."""
    for _ in range(3):
        answer = walk.ask("POST", "/videos/albums", {"title": "Kept"})
        life.ledger.albums.add(answer.json["id"])


def starting(life: Life, child: Child, _: Walk) -> None:
    """A clean stop, then a kill in the start after it."""
    stop(life, child)
    _kill_in_a_start(life, "start")


def recovery(life: Life, child: Child, walk: Walk) -> None:
    """A kill while there is much to recover, and one in the start that follows."""
    _during("before recovery", publish, upload)(life, child, walk)
    _kill_in_a_start(life, "recovery")


def second(life: Life, child: Child, walk: Walk) -> None:
    """`recovery`, then two more kills in the starts that follow."""
    recovery(life, child, walk)
    for _ in range(2):
        _kill_in_a_start(life, "second kill in recovery")


def clean(life: Life, child: Child, _: Walk) -> None:
    """No kill: starts after a crash are compared with the start after this."""
    stop(life, child)


def stop(life: Life, child: Child) -> None:
    child.process.send_signal(signal.SIGTERM)
    said = child.said()
    if child.process.returncode != 0 or "Traceback" in said:
        life.fault(f"a clean stop ended with {child.process.returncode}: {said[-2000:]}")
    life.is_clean = True


def _kill_in_a_start(life: Life, name: str) -> None:
    typical = statistics.median(FIGURES.crash_starts or [0.5])
    child = Child(life.data, *_OPTIONS, env=_ENV)
    time.sleep(life.chance.uniform(0, 1.3 * typical))
    kill(life, child, name)


MOMENTS: dict[str, Moment] = {
    "write": _during("write"),
    "publish": _during("publish", publish),
    "upload": _during("upload", upload),
    "clip": _during("clip", clip),
    "all at once": _during("all at once", publish, upload, clip),
    "snapshot": snapshot,
    "reset": reset,
    "start": starting,
    "recovery": recovery,
    "second": second,
    "clean": clean,
}


def settle(life: Life, walk: Walk) -> None:
    """After a reset or restore without an answer: find which of the two states the world has."""
    alternative, life.alternative = life.alternative, None
    if alternative is None:
        return
    export = walk.ask("GET", "/users/me/export").json
    albums = {album["id"] for album in export["belongings"]["albums"]}
    # The albums that only one of the two states has.
    marks = life.ledger.albums - alternative.albums
    if marks and not marks & albums:
        life.ledger = alternative
    elif not marks <= albums:
        life.fault(f"half of a reset or restore: {len(marks & albums)} of {len(marks)} are there")


def note_recordings(life: Life, walk: Walk) -> None:
    """Note recordings that have become ready: from now on they must not change."""
    for stream in life.ledger.segments:
        if stream not in life.ledger.recordings:
            vod = ledgers.vod_of(walk, stream)
            if vod is not None and vod["status"] == "ready":
                life.ledger.recordings[stream] = ledgers.listed(walk, vod)


def cycle(life: Life, moment: str) -> None:
    child, walk = start(life)
    try:
        settle(life, walk)
        ledgers.check(walk, life.ledger, life.fault)
        note_recordings(life, walk)
        MOMENTS[moment](life, child, walk)
    finally:
        if child.process.poll() is None:
            child.process.kill()
            child.said()


def finish(life: Life) -> None:
    """Check that all answered writes are there, and wait until all jobs have finished."""
    child, walk = start(life)
    try:
        settle(life, walk)
        ledgers.check(walk, life.ledger, life.fault)
        deadline = time.monotonic() + _DONE_SECONDS
        while left := ledgers.unfinished(walk, life.ledger):
            if time.monotonic() > deadline:
                life.fault(f"never done: {left}")
                break
            time.sleep(0.1)
        for sentence in ledgers.failed(walk, life.ledger):
            life.fault(sentence)
        note_recordings(life, walk)
        ledgers.check(walk, life.ledger, life.fault)
        for name, count in life.ledger.counts().items():
            FIGURES.answered[name] += count
        stop(life, child)
    finally:
        if child.process.poll() is None:
            child.process.kill()
            child.said()
    FIGURES.lives += 1


def live(trial: Trial, number: int, cycles: int) -> None:
    """Run one life, from an empty folder until all its jobs have finished."""
    life = Life(trial, trial.folder / f"life-{number}", trial.chance("life", number), is_clean=True)
    for _ in range(cycles):
        moment = life.chance.choice(list(MOMENTS))
        try:
            cycle(life, moment)
        except (RuntimeError, AssertionError, KeyError, ValueError) as error:
            life.fault(f"{moment}: {type(error).__name__}: {error}")
            return
        kills = sum(FIGURES.kills.values())
        trial.progress(f"life {number}, {kills} kills, {len(trial.faults)} faults, last: {moment}")
    finish(life)


def body(trial: Trial, arguments: argparse.Namespace) -> None:
    film(seconds=12)
    film(seconds=2, form="mp4")
    number = 0
    while sum(FIGURES.kills.values()) < arguments.kills and len(trial.faults) < _FAULTS_MAX:
        number += 1
        live(trial, number, _CYCLES_A_LIFE)
        if not trial.faults:
            _forget(trial.folder / f"life-{number}")
    if arguments.rounds:
        starts.alternate(trial, arguments.recordings, arguments.rounds)


def _forget(data: Path) -> None:
    import shutil

    shutil.rmtree(data, ignore_errors=True)


def report() -> Sequence[Sequence[object]]:
    rows: list[Sequence[object]] = [("what", "count")]
    rows += [(f"kills: {name}", count) for name, count in sorted(FIGURES.kills.items())]
    rows.append(("kills in all", sum(FIGURES.kills.values())))
    rows.append(("lives completed", FIGURES.lives))
    rows += [(f"answered and held: {name}", count) for name, count in FIGURES.answered.items()]
    for name, times in (("crash", FIGURES.crash_starts), ("clean stop", FIGURES.clean_starts)):
        if times:
            text = f"{statistics.median(times):.2f} s ({max(times):.2f} s at most)"
            rows.append((f"start after a {name}, median of {len(times)}", text))
    return [*rows, *starts.STARTS.rows()]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=1000, help="number of kills (default: 1000)")
    starts.options(parser)


if __name__ == "__main__":
    sys.exit(run("kills", body, report, options))
