"""Worlds: the isolated platforms of one process: made, chosen for a request, reset, dropped.

The world `default` is there from the start to the end. All others live in memory. They share the
ports, the threads and the disk, and nothing that is true.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from starlette.requests import HTTPConnection

from emulator.core.bus import Bus, ignore
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.worlds import WorldReplaced
from emulator.core.world_clock import WorldClock
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.hls.cleanup import MediaCleanup
from emulator.media.ingest.authorizer import PacketSink, PublishRequest
from emulator.media.recording.clips.queue import ClipQueue
from emulator.media.recording.clips.sources import Sources
from emulator.media.recording.recorder import Recorder
from emulator.media.recording.uploads.queue import UploadQueue, sweep
from emulator.media.simulcast.simulcasts import Simulcasts
from emulator.seeding.seed import Seed
from emulator.seeding.template import Template, sown
from emulator.shapes.addresses import for_everyone
from emulator.web import world_file
from emulator.web.auth import credential, world_of
from emulator.web.chat.chats import GOING_AWAY, Chats
from emulator.web.platform import Platform, Shared, Snapshot, WorldConfig
from emulator.web.world_file import FileSnapshot, WorldFile
from emulator.webhooks.webhooks import Webhooks
from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.store.journal import Store
from emulator.world.world import DEFAULT, World

if TYPE_CHECKING:
    from emulator.shapes.webhooks import WebhookEncoder
    from emulator.web.admin.scenarios.runs import Runs

HEADER = "x-emulator-world"
MEMORY = ":memory:"
# Also a DNS label, since `NAME.localhost` chooses a world.
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# The snapshot of what a file held when it became this world.
IMPORTED = "imported"
SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SENT_TEMPLATES_MAX = 16
_ADDRESSES = ("uid", "video_uid")
_HOST = re.compile(r"([a-z0-9-]+)\.localhost(?::\d+)?")


class Worlds:
    """For the event loop's thread. Also the `Gate` that publishers of all worlds pass."""

    def __init__(self, shared: Shared, making: WorldConfig) -> None:
        self.shared = shared
        self._making = making
        self._platforms: dict[str, Platform] = {}
        # Where addresses lead, and where media is spoken of at all.
        self._uid_addresses: list[tuple[str, str]] = []
        self._uid_columns: list[tuple[str, str]] = []
        self._templates: dict[str, Template] = {}
        self._is_default_kept = False
        # Of seeds whose content came with a request; the newest are at the end.
        self._sent_templates: OrderedDict[str, Template] = OrderedDict()

    @property
    def default(self) -> Platform:
        return self._platforms[DEFAULT]

    def all(self) -> list[Platform]:
        return list(self._platforms.values())

    async def open_default(self, path: str, seed: str) -> Platform:
        """The world `default`, as `path` keeps it or fresh from its seed."""
        bus, making = Bus(), self._making
        clock, publish = making.make_clock(), for_everyone(bus.publish)
        if path == MEMORY:  # Always fresh, and copying a world costs less than running its schema.
            world = self._template(seed).make(clock, publish, making.rules, DEFAULT)
        else:
            world = World(clock=clock, publish=publish, rules=making.rules, path=path)
            # It may have been ahead of the machine when it was left.
            clock.advance(max(0, world.store.last_at_ms() - clock.now_ms()))
            if world.is_fresh:
                self._template(seed).restore(world)
        sweep(self.shared.media_store.root, world)
        tables = world.store.columns().items()
        self._uid_columns = [
            (table, column)
            for table, columns in tables
            for column in columns
            if column == "uid" or column.endswith("_uid")
        ]
        # A VOD is also found by the uid that it was uploaded by.
        self._uid_addresses = [
            uid_column for uid_column in self._uid_columns if uid_column[1] in _ADDRESSES
        ]
        platform = self._platform(world, clock, bus, seed)
        self._is_default_kept = path != MEMORY
        await self._go_on(platform, platform.broadcasts.recover())
        return platform

    @cached_property
    def runs(self) -> "Runs":
        """The scenarios that are played here. Imported when the first one is."""
        from emulator.web.admin.scenarios.runs import Runs

        return Runs(self, self._making.tasks)

    def make(
        self, name: str, seed: str, clock: WorldClock | None = None, content: Seed | None = None
    ) -> Platform:
        """A fresh world. Refuses (`invalid`) a bad name or seed, (`conflict`) a taken name.

        `seed` is `default`, `none` or a file's path; or what `content` is called.
        """
        self.check_name(name)
        bus = Bus()
        clock = clock or self._making.make_clock()
        template = self._template(seed) if content is None else self._sent(seed, content)
        world = template.make(clock, for_everyone(bus.publish), self._making.rules, name)
        return self._platform(world, clock, bus, seed)

    @property
    def named_seeds(self) -> frozenset[str]:
        """Seeds that a request may name as they are."""
        return frozenset(("default", "none", self._making.seed))

    def parse_seed(self, name: str, text: bytes) -> Seed:
        """A seed file's content, for threads. Refuses (`invalid`) what cannot be a seed."""
        if self._making.parse is None:
            raise Refused("invalid", "This emulator takes no seeds from requests.")
        return self._making.parse(name, text)

    def check_name(self, name: str) -> None:
        """Refuse (`invalid`) what cannot name a world, (`conflict`) what names one."""
        if name in self._platforms:
            raise Refused("conflict", f"There is a world {name} already. Drop it, or reset it.")
        self._check_new(name)

    def _check_new(self, name: str) -> None:
        """Refuses (`invalid`) a name that a world cannot have, (`conflict`) one world too many."""
        if not NAME.fullmatch(name):
            raise Refused(
                "invalid", "A world's name is 1 to 63 lowercase letters, digits and dashes inside."
            )
        if len(self._platforms) >= self._making.worlds_max:
            raise Refused(
                "conflict",
                f"There are {self._making.worlds_max} worlds. Drop some, or raise worlds_max.",
            )

    def find(self, name: str) -> Platform:
        """The world of this name. Refuses (`not_found`)."""
        platform = self._platforms.get(name)
        if platform is None:
            raise Refused(
                "not_found", f"There is no world {name[:63]}. POST /_emulator/worlds makes one."
            )
        return platform

    def choose(self, request: HTTPConnection, credential_text: str | None = None) -> Platform:
        """The world that a request means: by its key or token, its header, its host; or `default`.

        `given` is the credential where it does not stand in a header. Refuses (`not_found`) a
        header or host that names no world.
        """
        name = world_of(credential(request) if credential_text is None else credential_text)
        if name in self._platforms:
            return self._platforms[name]
        named = request.headers.get(HEADER)
        if named:
            return self.find(named)
        host = _HOST.fullmatch(request.headers.get("host", ""))
        return self.find(host[1]) if host else self.default

    def of_media(self, request: HTTPConnection) -> Platform:
        """The world that a media address's `uid` belongs to; the request's own goes first."""
        chosen = self.choose(request)
        uid = request.path_params["uid"]
        if len(self._platforms) == 1 or self._has_uid(chosen.world, uid):
            return chosen
        return next(
            (platform for platform in self.all() if self._has_uid(platform.world, uid)), chosen
        )

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> PacketSink:
        """Let a publisher into the world that its key belongs to."""
        owner = next(
            (platform for platform in self.all() if _has_key(platform.world, publish_request.key)),
            None,
        )
        return (owner or self.default).broadcasts.authorize(publish_request, drop)

    async def reset(self, platform: Platform) -> None:
        """Put a world back to its seed. Publishers are disconnected, its media is removed.

        A world that was imported goes back to what was imported, as long as that snapshot is there.
        Its clock runs at the machine's pace again, from where it was.
        """
        if IMPORTED in platform.snapshots:
            platform.clock.run()
            await self.restore(platform, IMPORTED)
            return
        template = self._template(platform.seed)
        platform.clock.run()
        await self._replace(platform, "its world was reset", template.restore)

    async def write_file(self, platform: Platform, path: Path) -> None:
        """Write a world with its snapshots and media to `path`; what is live goes on.

        Raises `OSError` where it cannot be written.
        """
        world, snapshots = platform.world, platform.snapshots.values()
        world.searches.keep(world.store, world.now_ms)
        await self.shared.media_store.written()
        content = WorldFile(
            name=world.name,
            seed=platform.seed,
            now_ms=world.now_ms,
            facts=world.store.image(),
            snapshots=tuple(
                FileSnapshot(snapshot.name, snapshot.at_ms, snapshot.facts.image())
                for snapshot in snapshots
            ),
        )
        uids = self._uids(world).union(*(snapshot.uids for snapshot in snapshots))
        folders = [self.shared.media_store.folder(uid) for uid in sorted(uids)]
        await asyncio.to_thread(world_file.write, path, content, folders)

    async def read_file(
        self, file: IO[bytes] | Path, name: str | None, *, is_replacing: bool
    ) -> Platform:
        """A world as a file holds it, under `name` or its own, with its snapshots.

        What the file held is also the snapshot `imported`, to which a reset goes back. Refuses
        (`invalid`) what is no world file, (`conflict`) a name that is taken, unless it is to be
        replaced, (`too_large`) media for which there is no room.
        """
        content = await asyncio.to_thread(world_file.read, file)
        name = name or content.name
        if name not in self._platforms:
            self._check_new(name)
        elif not is_replacing:
            raise Refused(
                "conflict",
                f"There is a world {name} already. Replace it, or import under another name.",
            )
        room = self.shared.media_store.usage().free_bytes
        new = await asyncio.to_thread(
            world_file.unpack_media, file, self.shared.media_store.root, room
        )
        facts = Store.of_image(content.facts)
        try:
            platform = self._platforms.get(name)
            if platform is None:
                bus, clock = Bus(), self._making.make_clock()
                world = World(
                    clock=clock,
                    publish=bus.publish,
                    rules=self._making.rules,
                    name=name,
                    facts=facts,
                )
                platform = self._platform(world, clock, bus, content.seed)
            else:
                await self._replace(
                    platform, "its world was replaced", lambda world: world.load(facts)
                )
        except BaseException:
            facts.close()
            await self._delete(set(new))
            raise
        await self._begin_imported(platform, content, facts)
        return platform

    async def _begin_imported(self, platform: Platform, content: WorldFile, facts: Store) -> None:
        """The file's snapshots instead of those that there were, and the world's time as it was."""
        for snapshot in platform.snapshots.values():
            snapshot.facts.close()
        platform.snapshots.clear()
        retained = [
            (snapshot.name, snapshot.at_ms, Store.of_image(snapshot.facts))
            for snapshot in content.snapshots
        ]
        for name, at_ms, store in [*retained, (IMPORTED, content.now_ms, facts)]:
            before = platform.snapshots.pop(name, None)
            if before is not None:
                before.facts.close()
            uids = frozenset(self._uids_of(store))
            platform.snapshots[name] = Snapshot(name, at_ms, store, uids)
        platform.clock.advance(max(0, content.now_ms - platform.clock.now_ms()))
        await self._go_on(platform)

    async def _go_on(self, platform: Platform, waiting: AbstractSet[str] = frozenset()) -> None:
        """After facts were put in place: what they speak of as under way is taken up again.

        `waiting` are the ids of streams that may still get their publishers back.
        """
        attendance.reopen(platform.world)
        await platform.recorder.recover(waiting)
        await platform.upload_queue.recover()
        platform.clip_queue.recover()

    def save(self, platform: Platform, name: str) -> Snapshot:
        """Remember a world as it is now. A snapshot of the same name is replaced."""
        if not SNAPSHOT_NAME.fullmatch(name):
            raise Refused("invalid", "A snapshot's name is 1 to 64 letters, digits, dots, dashes.")
        if name not in platform.snapshots and (
            len(platform.snapshots) >= self._making.snapshots_max
        ):
            raise Refused("conflict", f"There are {len(platform.snapshots)} snapshots. Drop some.")
        world = platform.world
        world.searches.keep(world.store, world.now_ms)
        snapshot = Snapshot(name, world.now_ms, world.store.copy(), frozenset(self._uids(world)))
        before = platform.snapshots.pop(name, None)
        platform.snapshots[name] = snapshot
        if before:
            before.facts.close()
        return snapshot

    async def restore(self, platform: Platform, name: str) -> Snapshot:
        """Put a world back to a snapshot; streams that were live then have lost their publisher."""
        snapshot = find_snapshot(platform, name)
        await self._replace(
            platform, "its world was restored", lambda world: world.load(snapshot.facts)
        )
        await self._go_on(platform)
        return snapshot

    async def forget(self, platform: Platform, name: str) -> None:
        """Drop a snapshot, and media that nothing else speaks of."""
        find_snapshot(platform, name)
        snapshot = platform.snapshots.pop(name)
        snapshot.facts.close()
        await self._remove_media(platform, snapshot.uids)

    async def drop(self, name: str) -> None:
        """Remove a world. Refuses (`conflict`) the default one."""
        platform = self.find(name)
        if platform is self.default:
            raise Refused("conflict", "The world default stays. POST /_emulator/reset empties it.")
        del self._platforms[name]
        await self._leave(platform, "its world was dropped")
        self.shared.requests.forget(name)
        names = {uid for snapshot in platform.snapshots.values() for uid in snapshot.uids}
        uids = names | self._uids(platform.world)
        _close(platform)
        await self._delete(uids)

    async def stop(self, reason: str) -> None:
        """End what is live, and drop every world that is not kept."""
        if "runs" in vars(self):
            await self.runs.stop(reason)
        for platform in self.all():
            if platform is not self.default:
                await self.drop(platform.world.name)
        self.say_goodbye(reason)
        if DEFAULT not in self._platforms:  # It could not be opened; the caller knows why.
            return
        if self._is_default_kept:
            self.let_go(reason)
        else:
            self.default.broadcasts.stop(reason)
        await self.default.broadcasts.settled()
        await self.default.simulcasts.stop()
        await self.default.recorder.stop()
        await self.default.upload_queue.stop()
        await self.default.clip_queue.stop()
        await self.default.webhooks.stop()

    def let_go(self, reason: str) -> None:
        """Leave live what the next process can go on with, and disconnect its publishers.

        Called before the servers stop, which would take a publisher's end for its own.
        """
        if self._is_default_kept:
            self.default.broadcasts.abandon(f"{reason[:1].upper()}{reason[1:]}. Come back to it.")

    def say_goodbye(self, reason: str) -> None:
        """Close every chat socket: the server is about to."""
        for platform in self.all():
            platform.chats.close(GOING_AWAY, reason)

    def close(self) -> None:
        """After everything else has stopped."""
        for template in (*self._templates.values(), *self._sent_templates.values()):
            template.close()
        for platform in self.all():
            _close(platform)

    def _sent(self, seed: str, content: Seed) -> Template:
        """Sown once for as long as a world has it, or it is among the newest."""
        if seed not in self._sent_templates:
            self._sent_templates[seed] = Template(sown(content, self._making.rules))
        used = {platform.seed for platform in self.all()} | {seed}
        spare = [name for name in self._sent_templates if name not in used]
        for name in spare[: max(0, len(self._sent_templates) - _SENT_TEMPLATES_MAX)]:
            self._sent_templates.pop(name).close()
        self._sent_templates.move_to_end(seed)
        return self._sent_templates[seed]

    def _template(self, seed: str) -> Template:
        if seed in self._sent_templates:
            return self._sent_templates[seed]
        if seed not in self._templates:
            try:
                self._templates[seed] = Template(self._making.sow(seed, self._making.rules))
            except Refused as refused:
                if refused.code == "invalid":
                    raise
                raise Refused("invalid", f"The seed {seed}: {refused.message}.") from refused
        return self._templates[seed]

    def _platform(self, world: World, clock: WorldClock, bus: Bus, seed: str) -> Platform:
        shared = self.shared
        world.media_base = shared.media_base
        world.store.publish_burst = for_everyone(bus.publish_burst)
        broadcasts = Broadcasts(world, shared.media_store, self._making.broadcasts)
        recorder = Recorder(world, shared.media_store, shared.recordings, self._making.tasks)
        bus.subscribe(broadcasts.hear, ignore)
        bus.subscribe(recorder.hear, ignore)
        chats = Chats(world, self._making.chats)
        bus.subscribe(chats.hear, chats.hear_burst)
        simulcasts = Simulcasts(
            world, broadcasts.feed_of, self._making.tasks, self._making.simulcasts
        )
        broadcasts.when_media.append(simulcasts.start)
        broadcasts.when_media.append(shared.foresee_peers)
        bus.subscribe(simulcasts.hear, ignore)

        def news() -> "WebhookEncoder":
            from emulator.shapes.webhooks import WebhookEncoder

            return WebhookEncoder(world, lambda: shared.addresses)

        webhooks = Webhooks(world, news, self._making.tasks, self._making.webhooks)
        bus.subscribe(webhooks.hear, webhooks.hear_burst)
        snapshots: dict[str, Snapshot] = {}
        media_store, recordings = shared.media_store, shared.recordings
        tasks, job_runners = self._making.tasks, shared.job_runners

        def is_kept(uid: str) -> bool:
            return any(uid in snapshot.uids for snapshot in snapshots.values())

        upload_queue = UploadQueue(world, media_store, recordings, tasks, job_runners, is_kept)
        bus.subscribe(upload_queue.hear, ignore)
        sources = Sources(world, media_store, shared.loops)
        clip_queue = ClipQueue(world, media_store, recordings, sources, tasks, job_runners, is_kept)
        bus.subscribe(clip_queue.hear, ignore)
        bus.subscribe(partial(self._tell_peers, world.name), ignore)
        bus.subscribe(
            MediaCleanup(shared.media_store, self._making.tasks, self._is_shown).hear, ignore
        )
        platform = self._platforms[world.name] = Platform(
            world=world,
            clock=clock,
            seed=seed,
            bus=bus,
            broadcasts=broadcasts,
            recorder=recorder,
            upload_queue=upload_queue,
            clip_queue=clip_queue,
            chats=chats,
            webhooks=webhooks,
            simulcasts=simulcasts,
            worlds=self,
            shared=shared,
            snapshots=snapshots,
        )
        webhooks.begin()
        simulcasts.begin()
        return platform

    def _tell_peers(self, world: str, event: Event) -> None:
        if self.shared.peers is not None:
            self.shared.peers.rooms.hear(world, event)

    async def _replace(
        self, platform: Platform, reason: str, load: Callable[[World], None]
    ) -> None:
        before = self._uids(platform.world)
        await self._leave(platform, reason)
        load(platform.world)
        platform.webhooks.begin()
        platform.simulcasts.begin()
        self.shared.requests.forget(platform.world.name)
        await self._remove_media(platform, before)

    async def _leave(self, platform: Platform, reason: str) -> None:
        """Nothing that goes on may touch the facts that come next."""
        platform.broadcasts.abandon(f"The stream is gone: {reason}.")
        await platform.broadcasts.settled()
        await platform.simulcasts.stop()
        await platform.recorder.stop()
        await platform.upload_queue.stop()
        await platform.clip_queue.stop()
        await platform.webhooks.stop()
        world = platform.world
        self.shared.loops.forget(platform.world.name)
        platform.bus.publish(WorldReplaced(at_ms=world.now_ms, world=world.name))

    async def _remove_media(self, platform: Platform, before: AbstractSet[str]) -> None:
        names = self._uids(platform.world).union(
            *(snapshot.uids for snapshot in platform.snapshots.values())
        )
        await self._delete(set(before) - names)

    def _uids(self, world: World) -> set[str]:
        """Every CDN uid that a world's facts speak of."""
        return self._uids_of(world.store)

    def _uids_of(self, facts: Store) -> set[str]:
        names: set[str] = set()
        for table, column in self._uid_columns:
            rows = facts.rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
            names.update(row[0] for row in rows)
        return names

    def _has_uid(self, world: World, uid: str) -> bool:
        return any(
            world.store.row(f"SELECT 1 FROM {table} WHERE {column} = ?", uid)
            for table, column in self._uid_addresses
        )

    def _is_shown(self, uid: str) -> bool:
        """Whether any world or snapshot speaks of this CDN uid."""
        return any(
            self._has_uid(platform.world, uid)
            or any(uid in snapshot.uids for snapshot in platform.snapshots.values())
            for platform in self.all()
        )

    async def _delete(self, names: set[str]) -> None:
        """Remove media, unless a world speaks of it: one that was imported has uids of another."""
        for uid in names:
            if self.shared.media_store.has(uid) and not self._is_shown(uid):
                await self.shared.media_store.delete(uid)


def find_snapshot(platform: Platform, name: str) -> Snapshot:
    """Refuses (`not_found`) an unknown name."""
    snapshot = platform.snapshots.get(name)
    if snapshot is None:
        raise Refused("not_found", f"There is no snapshot {name[:64]} of this world.")
    return snapshot


def _has_key(world: World, key: str) -> bool:
    return bool(key) and streams.by_key(world, key) is not None


def _close(platform: Platform) -> None:
    """After it has been left."""
    platform.clock.close()
    platform.world.close()
    for snapshot in platform.snapshots.values():
        snapshot.facts.close()
