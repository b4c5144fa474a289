"""A platform with simulated sockets, disk and time: a seed is a schedule of crashes and faults.

A publisher's bytes reach the RTMP session in pieces of any length, and the connection may break
anywhere. Each write of the segment writer and each statement of the store may find the disk full,
fail, be torn, or be the last one of the process. After a crash the next process gets the disk's
content of that instant, with a torn end. `Schedule(seed, folder).run()` raises `AssertionError`
where a promise does not hold; the same seed gives the same schedule.
"""

import asyncio
import errno
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from emulator.core.bus import Bus
from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatPosted
from emulator.media.broadcast.broadcasts import Broadcasts, Publication
from emulator.media.broadcast.config import BroadcastConfig
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.index import read_index
from emulator.media.hls.store import MediaStore
from emulator.media.hls.writer import Job, WriterThread
from emulator.media.ingest.authorizer import PublishRequest
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire.rtmp_session import (
    ConnectRequested,
    PublishEnded,
    PublishRequested,
    RtmpSession,
)
from emulator.media.publisher.rtmp_client import RtmpClient
from emulator.media.recording.recovery import recover
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.store import events
from emulator.world.world import WRITE_RETRY_MS, World
from tests.support.publisher_stage import picture

_RULES = replace(
    RulesConfig(),
    reconnect_window_ms=2_000,
    streams_per_user=0,
    stream_creations_per_minute=0,
    chat_lines_per_minute=0,
    chat_repeats_max=0,
)
_CONFIG = MediaStoreConfig(segment_ms=1000, part_ms=200)
_STEPS, _LIVES = 24, 3
_WRITES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "REPLACE")


@contextmanager
def place_for(name: str) -> Iterator[Path]:
    """A temporary folder for schedules, in memory where the machine allows that.

    The effects of a disk are simulated, and waiting for a real one would take half of the time.
    """
    memory = Path("/dev/shm")
    folder = str(memory) if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as place:
        yield Path(place)


class Crashed(BaseException):
    """The process has crashed: none of its code runs any more."""


class Disk:
    """The state of the disk, which decides what happens to each write."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.is_well = True
        self.state = "well"
        # The writes until the process crashes; 0 for no crash.
        self.writes_left = 0
        self.crashed = False

    def fail(self) -> OSError | None:
        """Decide the next write: None, or its error. Raises `Crashed` at the last write."""
        if self.crashed:
            raise Crashed
        if self.writes_left:
            self.writes_left -= 1
            if not self.writes_left:
                self.crashed = True
                raise Crashed
        if self.state == "full":
            return OSError(errno.ENOSPC, "No space left on device")
        if self.state == "failing" and self.chance.random() < 0.3:
            return OSError(errno.EIO, "Input/output error")
        return None


class SimulatedFile(FileIO):
    """A file whose writes may be short, fail, or be torn by a crash."""

    def __init__(self, path: Path, mode: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(path, mode)

    def write(self, content: Any) -> int:
        length = len(content)
        try:
            failure = self._disk.fail()
        except Crashed:
            super().write(content[: self._disk.chance.randrange(length + 1)])
            raise
        if failure is not None:
            # Before the error, a part of the content may have been written.
            super().write(content[: self._disk.chance.randrange(length + 1)])
            raise failure
        if length > 1 and self._disk.chance.random() < 0.05:
            return super().write(content[: self._disk.chance.randrange(1, length)]) or 0
        return super().write(content) or 0


class SimulatedWriter(WriterThread):
    """The segment writer, whose jobs are done when the schedule calls `work`."""

    def __init__(self, disk: Disk) -> None:
        self.files: list[SimulatedFile] = []
        super().__init__(open_file=self._open)
        self._disk = disk
        self._jobs: list[Job] = []

    def put(self, job: Job) -> None:
        self._jobs.append(job)

    def work(self) -> None:
        while self._jobs:
            self._jobs.pop(0)()

    async def close(self) -> None:
        self.work()

    def let_go(self) -> None:
        """Close the files of a crashed process; its remaining jobs are dropped."""
        self._jobs.clear()
        for file in self.files:
            file.close()

    def _open(self, path: Path, mode: str) -> FileIO:
        failure = self._disk.fail()
        if failure is not None:
            raise failure
        file = SimulatedFile(path, mode, self._disk)
        self.files.append(file)
        return file


class SimulatedConnection:
    """A database on the simulated disk; a disk error becomes SQLite's error for it."""

    def __init__(self, connection: sqlite3.Connection, disk: Disk, save: Callable[[], None]):
        self._connection = connection
        self._disk = disk
        self._save = save

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self._check(sql)
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, values: Iterable[Any]) -> sqlite3.Cursor:
        self._check(sql)
        return self._connection.executemany(sql, values)

    def _check(self, sql: str) -> None:
        if not sql.startswith(_WRITES):
            return
        try:
            failure = self._disk.fail()
        except Crashed:
            if sql == "COMMIT":
                # Keep the state before the commit, and any part of what the commit adds.
                self._save()
            raise
        if failure is None:
            return
        kind = sqlite3.SQLITE_FULL if failure.errno == errno.ENOSPC else sqlite3.SQLITE_IOERR
        if self._connection.in_transaction and self._disk.chance.random() < 0.5:
            self._connection.execute("ROLLBACK")  # SQLite may roll back by itself.
        error = sqlite3.OperationalError(str(failure))
        error.sqlite_errorcode = kind
        raise error


@cache
def _fresh(folder: Path) -> Path:
    """A database with one user, made once: creating the schema takes longer than a schedule."""
    path = folder / "fresh.sqlite3"
    world = World(clock=ManualClock(), publish=_ignore, rules=_RULES, path=str(path))
    accounts.make(world, "ada", api_key="ak_demo_ada")
    world.close()
    return path


def _ignore(_: Event) -> None:
    """A listener that does nothing."""


class Wire:
    """A publisher's connection: the bytes of both sides, in pieces of any length."""

    def __init__(self, process: "Process", stream: Stream) -> None:
        self._process = process
        self._client = RtmpClient("live", "rtmp://127.0.0.1/live", stream.stream_key)
        self._session = RtmpSession(message_bytes_max=2**22, chunk_streams_max=64)
        self._publication: Publication | None = None
        self.stream = stream
        self.is_open = True
        self._tags = iter(picture(4))

    def send(self, count: int) -> None:
        """Exchange all bytes that are due, then send this many tags."""
        self._exchange()
        for _ in range(count):
            tag = next(self._tags, None)
            if tag is None or not self.is_open:
                return
            if self._publication is not None:
                self._client.send(tag)
                self._process.clock.advance(20)
        self._exchange()

    def cut(self) -> None:
        """Break the connection; some bytes on the way are lost."""
        self._deliver(self._client.to_send()[: self._process.chance.randrange(200)])
        self._leave("the connection was cut")

    def finish(self) -> None:
        self._client.close()
        self._exchange()
        self._leave("the publisher stopped")

    def _exchange(self) -> None:
        while self.is_open and (sent := self._client.to_send()):
            self._deliver(sent)
            self._client.receive(self._session.to_send())

    def _deliver(self, octets: bytes) -> None:
        while octets and self.is_open:
            length = self._process.chance.choice((1, 7, 100, 4_096, 65_536))
            piece, octets = octets[:length], octets[length:]
            for event in self._session.receive(piece):
                self._obey(event)

    def _obey(self, event: object) -> None:
        match event:
            case ConnectRequested():
                self._session.accept_connect()
            case PublishRequested(key=key):
                request = PublishRequest(key, "rtmp", "192.0.2.1:5", "test")
                try:
                    self._publication = self._process.broadcasts.authorize(request, self._drop)
                except Refused as refused:
                    self._session.refuse_publish(refused.message)
                    self.is_open = False
                else:
                    self._session.accept_publish()
            case Tag() if self._publication is not None:
                self._publication.receive([event])
            case PublishEnded(reason=reason):
                self._leave(reason)

    def _leave(self, reason: str) -> None:
        self.is_open = False
        publication, self._publication = self._publication, None
        if publication is not None:
            publication.close(reason)

    def _drop(self, _: str) -> None:
        self.is_open = False


class Process:
    """One process of the emulator between two crashes, on a folder."""

    def __init__(self, folder: Path, clock: ManualClock, chance: random.Random) -> None:
        self.folder = folder
        self.clock = clock
        self.chance = chance
        self.disk = Disk(chance)
        self.heard: list[Event] = []
        self.saved: Path | None = None
        self.wires: list[Wire] = []
        bus = Bus()
        bus.subscribe({Event: self.heard.append})
        self.world = World(
            clock=clock, publish=bus.publish, rules=_RULES, path=str(folder / "world.sqlite3")
        )
        self._real = self.world.store._connection
        connection = SimulatedConnection(self._real, self.disk, self._save_torn)
        self.world.store._open = connection  # type: ignore[assignment]  # It acts as one.
        self.writer = SimulatedWriter(self.disk)
        self.media_store = MediaStore(folder / "media", _CONFIG, self.writer)
        self.broadcasts = Broadcasts(self.world, self.media_store, BroadcastConfig())
        bus.subscribe(self.broadcasts.handlers())

    async def recover(self) -> None:
        await self.broadcasts.recover(True)
        for stream in streams.live(self.world):
            if not self.broadcasts.is_awaited(stream.id):
                ended_ms = self.world.now_ms
                with suppress(FileNotFoundError):
                    recover(self.media_store.folder(stream.uid))
                streams.end_when_media_stopped(self.world, stream.id, ended_ms, "it was gone")

    def die(self) -> Path:
        """Close everything, and return the folder as the next process finds it."""
        if self.saved is None:
            self.saved = self._copy()
        self.writer.let_go()
        self._real.close()
        return self.saved

    def _copy(self) -> Path:
        target = self.folder.with_name(f"{self.folder.name}+")
        shutil.copytree(self.folder, target)
        return target

    def _save_torn(self) -> None:
        """Commit, and keep any beginning of what the commit added to SQLite's log."""
        log = self.folder / "world.sqlite3-wal"
        before = log.stat().st_size if log.exists() else 0
        self._real.execute("COMMIT")
        self.saved = self._copy()
        after = log.stat().st_size
        if after > before:
            with (self.saved / log.name).open("rb+") as file:
                file.truncate(self.chance.randrange(before, after + 1))
        # The index of the log belonged to the crashed process.
        (self.saved / "world.sqlite3-shm").unlink(missing_ok=True)


class Schedule:
    """The actions and faults of one seed, and the checks of the platform's promises."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.clock = ManualClock()
        self.crashes = self.refusals = 0
        # The streams whose recording failed.
        self.failed: set[str] = set()
        # Answered writes: titles of streams, and chat messages by their stream.
        self.titles: dict[str, str] = {}
        self.lines: dict[str, str] = {}
        # Streams with a change that had no answer: it may have happened or not.
        self.doubtful: set[str] = set()
        # Events that listeners received, by name and instant, and those of earlier processes.
        self.journal: list[tuple[str, int]] = []
        self.before: list[tuple[str, int]] = []
        # The complete written segments that playlists listed.
        self.segments: dict[tuple[str, str], bytes] = {}

    async def run(self) -> None:
        place = self.folder / "0"
        place.mkdir()
        shutil.copy(_fresh(self.folder.parent), place / "world.sqlite3")
        for _ in range(self.chance.randint(1, _LIVES)):
            place = await self._live(place)
        await self._end(place)

    async def _live(self, place: Path) -> Path:
        """Run one process from its start to its crash."""
        # The timers of the crashed process are gone.
        self.clock = ManualClock(self.clock.now_ms())
        process = Process(place, self.clock, self.chance)
        self._check(process)
        process.disk.writes_left = self.chance.randrange(1, 150)
        try:
            await process.recover()
            for _ in range(_STEPS):
                await self._step(process)
        except Crashed:
            self.crashes += 1
        process.disk.crashed = True
        return process.die()

    async def _step(self, process: Process) -> None:
        disk = process.disk
        if self.chance.random() < 0.15:
            disk.state = self.chance.choice(("well", "well", "full", "failing", "slow"))
        act = self.chance.choice(
            (self._create, self._rename, self._say, self._publish, self._publish, self._leave)
        )
        count = events.last_seq(process.world.store)
        heard = len(process.heard)
        try:
            act(process)
        except Refused:
            self.refusals += 1
            if act in (self._create, self._rename, self._say):
                same = (events.last_seq(process.world.store), len(process.heard))
                assert same == (count, heard), f"a refused {act.__name__} had an effect"
        finally:
            self._note(process)
        if disk.state != "slow":
            process.writer.work()
        await asyncio.sleep(0)
        self.clock.advance(self.chance.choice((0, 50, 1_000)))
        self._note(process)
        self._look(process)

    # The actions of users and publishers.

    def _create(self, process: Process) -> None:
        user = accounts.by_username(process.world, "ada")
        stream = streams.create(process.world, user, StreamPatch({"title": "Kept"}))
        self.titles[stream.id] = "Kept"

    def _rename(self, process: Process) -> None:
        if self.titles:
            stream = streams.find(process.world, self.chance.choice(sorted(self.titles)))
            title = f"Renamed {self.chance.randrange(10**6)}"
            self.doubtful.add(stream.id)
            streams.update(process.world, stream, StreamPatch({"title": title}))
            self.titles[stream.id] = title
            self.doubtful.discard(stream.id)

    def _say(self, process: Process) -> None:
        if self.titles:
            stream = self.chance.choice(sorted(self.titles))
            user = accounts.by_username(process.world, "ada")
            posted = messages.post(process.world, stream, user, f"line {len(self.lines)}")
            assert isinstance(posted, ChatPosted), "a filter holds the message"
            self.lines[posted.message_id] = stream

    def _publish(self, process: Process) -> None:
        wires = [wire for wire in process.wires if wire.is_open]
        if not wires or self.chance.random() < 0.2:
            offline = [
                stream
                for stream in streams.of_user(
                    process.world, accounts.by_username(process.world, "ada")
                )
                if stream.id in self.titles and stream.status != "ended"
            ]
            if not offline:
                return
            process.wires.append(Wire(process, self.chance.choice(offline)))
            wires = process.wires[-1:]
        self.chance.choice(wires).send(self.chance.choice((20, 80, 160)))

    def _leave(self, process: Process) -> None:
        wires = [wire for wire in process.wires if wire.is_open]
        if wires:
            wire = self.chance.choice(wires)
            (wire.cut if self.chance.random() < 0.5 else wire.finish)()

    # The promises.

    def _note(self, process: Process) -> None:
        """Record the events that listeners received: they are committed, so they must stay."""
        heard = [(type(event).__name__, event.at_ms) for event in process.heard]
        self.journal = self.before + heard

    def _look(self, process: Process) -> None:
        """Record the segments that a playlist lists, if they are on the disk."""
        for wire in process.wires:
            if not process.media_store.has(wire.stream.uid):
                continue
            hls_stream = process.media_store.find(wire.stream.uid)
            if hls_stream.failure is not None:
                self.failed.add(wire.stream.uid)
                continue
            for segment in hls_stream.window.complete:
                content = segment.content()
                if content is not None and all(part.is_written for part in segment.parts):
                    self.segments[wire.stream.uid, segment.name] = content

    def _check(self, process: Process) -> None:
        """Check that all answered writes, received events and listed segments are there."""
        world = process.world
        assert world.store.row("PRAGMA quick_check")[0] == "ok"  # type: ignore[index]  # One row.
        assert not world.store.rows("PRAGMA foreign_key_check")
        for stream_id, title in self.titles.items():
            stream = streams.find(world, stream_id)
            if stream_id not in self.doubtful:
                assert stream.title == title, f"stream {stream_id}: {stream.title}, not {title}"
            self.titles[stream_id] = stream.title
        self.doubtful.clear()
        said = {row["id"] for row in world.store.rows("SELECT id FROM messages")}
        assert set(self.lines) <= said, "an answered message is gone"
        rows = world.store.rows("SELECT kind, at_ms FROM events ORDER BY seq")
        journal = [(row["kind"], row["at_ms"]) for row in rows]
        assert journal[: len(self.journal)] == self.journal, "a delivered event is gone"
        # An event of a failed change would be about a row that is not there.
        names = [name for name, _ in journal]
        for name, table in (("StreamCreated", "streams"), ("ChatPosted", "messages")):
            rows_of = world.store.number(f"SELECT count(*) FROM {table}")
            assert names.count(name) == rows_of, f"{names.count(name)} {name} of {rows_of} {table}"
        self.before = journal[: len(journal) - len(process.heard)]
        self._note(process)
        for (uid, name), content in self.segments.items():
            folder = process.media_store.folder(uid)
            msn = int(name.removeprefix("seg-").removesuffix(".m4s"))
            segment = read_index(folder).segments[msn]
            stored = (folder / name).read_bytes()
            assert segment.length >= len(content), f"{name} of {uid} is listed with a smaller size"
            assert stored[: len(content)] == content, f"{name} of {uid} has changed"

    async def _end(self, place: Path) -> None:
        """Run a last process on a healthy disk: no stream stays live, and every promise holds."""
        # The timers of the crashed process are gone.
        self.clock = ManualClock(self.clock.now_ms())
        process = Process(place, self.clock, self.chance)
        try:
            self._check(process)
            await process.recover()
            self.clock.advance(_RULES.reconnect_window_ms + 10 * WRITE_RETRY_MS)
            process.writer.work()
            await asyncio.sleep(0)
            self._check(process)
            assert not streams.live(process.world), "a stream is live without a publisher"
            await process.media_store.close()
            for path in (place / "media").glob("*/index.jsonl"):
                process.media_store.retire(path.parent.name)
                window = process.media_store.find(path.parent.name).window
                assert window.is_finished, "a recording is not finished"
        finally:
            process.writer.let_go()
            process.world.close()
