"""A platform whose sockets, disk and time are our own: a seed is a schedule of crashes and faults.

A publisher's bytes reach the RTMP session in pieces of any length and are cut anywhere. Each write
of the segment writer, and each statement of the store, may find no room, fail, be torn, or be the
last that the process does. After a crash the next process gets what was on the disk at that
instant, with a torn end. `Schedule(seed, folder).run()` raises `AssertionError` where a promise
does not hold; the same seed does the same again.
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
    """A folder for schedules, gone at the end: in memory where the machine has one there.

    What a disk does to a write is simulated: to wait for a real one as well is half of the time.
    """
    memory = Path("/dev/shm")
    folder = str(memory) if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as place:
        yield Path(place)


class Crashed(BaseException):
    """The process ends here: nothing of it runs any more."""


class Disk:
    """What may happen to each write. `is_well`: nothing does."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.is_well = True
        self.state = "well"
        # The write at which the process ends; none where it is 0.
        self.writes_left = 0
        self.crashed = False

    def fail(self) -> OSError | None:
        """Called before each write: None, or what it fails with. Raises `Crashed` at the last."""
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
    """A file whose writes may be short, fail, or be torn by the end of the process."""

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
            # A part of it may have found room before that.
            super().write(content[: self._disk.chance.randrange(length + 1)])
            raise failure
        if length > 1 and self._disk.chance.random() < 0.05:
            return super().write(content[: self._disk.chance.randrange(1, length)]) or 0
        return super().write(content) or 0


class SimulatedWriter(WriterThread):
    """The writer's jobs, done when the schedule says so: a slow disk does none for a while."""

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
        """The process is gone: its files are closed, and nothing more is written."""
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
    """A database on such a disk. Its errors are those that SQLite gives for the disk's."""

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
                self._save()  # What is there before it, and what it adds, torn or whole.
            raise
        if failure is None:
            return
        kind = sqlite3.SQLITE_FULL if failure.errno == errno.ENOSPC else sqlite3.SQLITE_IOERR
        if self._connection.in_transaction and self._disk.chance.random() < 0.5:
            self._connection.execute("ROLLBACK")  # SQLite may do so by itself.
        error = sqlite3.OperationalError(str(failure))
        error.sqlite_errorcode = kind
        raise error


@cache
def _fresh(folder: Path) -> Path:
    """A database with a user, made once: running its schema takes longer than a schedule."""
    path = folder / "fresh.sqlite3"
    world = World(clock=ManualClock(), publish=_ignore, rules=_RULES, path=str(path))
    accounts.make(world, "ada", api_key="ak_demo_ada")
    world.close()
    return path


def _ignore(_: Event) -> None:
    """Nobody listens."""


class Wire:
    """A publisher's connection: both sides' bytes, in pieces of any length."""

    def __init__(self, process: "Process", stream: Stream) -> None:
        self._process = process
        self._client = RtmpClient("live", "rtmp://127.0.0.1/live", stream.stream_key)
        self._session = RtmpSession(message_bytes_max=2**22, chunk_streams_max=64)
        self._publication: Publication | None = None
        self.stream = stream
        self.is_open = True
        self._tags = iter(picture(4))

    def send(self, count: int) -> None:
        """Exchange all bytes that are due, then some tags."""
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
        """Some bytes are lost on the way, and the connection is gone."""
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
                self._publication.receive(event)
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
    """One emulator between two crashes, on a folder."""

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
        """Returns the folder as the next process finds it."""
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
        """Commit, and let the disk have any beginning of what that added to the log."""
        log = self.folder / "world.sqlite3-wal"
        before = log.stat().st_size if log.exists() else 0
        self._real.execute("COMMIT")
        self.saved = self._copy()
        after = log.stat().st_size
        if after > before:
            with (self.saved / log.name).open("rb+") as file:
                file.truncate(self.chance.randrange(before, after + 1))
        # The index of the log belongs to a process that is gone.
        (self.saved / "world.sqlite3-shm").unlink(missing_ok=True)


class Schedule:
    """What one seed does to a platform, and what must be true of it after that."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.clock = ManualClock()
        self.crashes = self.refusals = 0
        # Streams whose recording failed.
        self.failed: set[str] = set()
        # What was answered: titles of streams, and lines of chat by their stream.
        self.titles: dict[str, str] = {}
        self.lines: dict[str, str] = {}
        # A change that had no answer: it may be there or not.
        self.doubtful: set[str] = set()
        # Events that listeners heard, by name and instant, and those of earlier processes.
        self.journal: list[tuple[str, int]] = []
        self.before: list[tuple[str, int]] = []
        # Whole segments that playlists listed and that were written.
        self.segments: dict[tuple[str, str], bytes] = {}

    async def run(self) -> None:
        place = self.folder / "0"
        place.mkdir()
        shutil.copy(_fresh(self.folder.parent), place / "world.sqlite3")
        for _ in range(self.chance.randint(1, _LIVES)):
            place = await self._live(place)
        await self._end(place)

    async def _live(self, place: Path) -> Path:
        """One process, from its start to its crash."""
        # What waited for its time has gone with the process.
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
                assert same == (count, heard), f"a refused {act.__name__} left something"
        finally:
            self._note(process)
        if disk.state != "slow":
            process.writer.work()
        await asyncio.sleep(0)
        self.clock.advance(self.chance.choice((0, 50, 1_000)))
        self._note(process)
        self._look(process)

    # What users and publishers do.

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
            assert isinstance(posted, ChatPosted), "no filter holds it"
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

    # What must be true.

    def _note(self, process: Process) -> None:
        """What listeners heard is committed: it stays."""
        heard = [(type(event).__name__, event.at_ms) for event in process.heard]
        self.journal = self.before + heard

    def _look(self, process: Process) -> None:
        """Fetch what a playlist lists, as far as it is on the disk."""
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
        """Everything that was answered, heard or listed before is here."""
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
        assert set(self.lines) <= said, "an answered line is gone"
        rows = world.store.rows("SELECT kind, at_ms FROM events ORDER BY seq")
        journal = [(row["kind"], row["at_ms"]) for row in rows]
        assert journal[: len(self.journal)] == self.journal, "an event that was heard is gone"
        # An event of a change that failed tells of something that is not there.
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
            assert segment.length >= len(content), f"{name} of {uid} is listed shorter"
            assert stored[: len(content)] == content, f"{name} of {uid} has changed"

    async def _end(self, place: Path) -> None:
        """A last process on a disk that is well: in the end nobody is live, and all is there."""
        # What waited for its time has gone with the process.
        self.clock = ManualClock(self.clock.now_ms())
        process = Process(place, self.clock, self.chance)
        try:
            self._check(process)
            await process.recover()
            self.clock.advance(_RULES.reconnect_window_ms + 10 * WRITE_RETRY_MS)
            process.writer.work()
            await asyncio.sleep(0)
            self._check(process)
            assert not streams.live(process.world), "a stream is live, and nobody sends it"
            await process.media_store.close()
            for path in (place / "media").glob("*/index.jsonl"):
                process.media_store.retire(path.parent.name)
                window = process.media_store.find(path.parent.name).window
                assert window.is_finished, "a recording goes on"
        finally:
            process.writer.let_go()
            process.world.close()
