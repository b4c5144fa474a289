"""Worlds: the isolated platforms of one process: make, find and drop them.

The world `default` exists from the start to the end; all others live in memory. They share ports,
threads and the disk, but no facts.
"""

import asyncio
import re
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from emulator.core.bus import Bus
from emulator.core.errors import Refused
from emulator.core.world_clock import WorldClock
from emulator.platform.directory import Directory
from emulator.platform.media_uids import Names, uids_of
from emulator.platform.platform import MakeServices, Platform
from emulator.platform.seeds import MakeState, ParseSeed, Seeds
from emulator.platform.shared import Shared
from emulator.shapes.addresses import for_everyone
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store
from emulator.world.world import DEFAULT, World

if TYPE_CHECKING:
    from emulator.platform.awake import AwakeStores
    from emulator.platform.runs import Runs
    from emulator.seeding.seed import Seed

MEMORY = ":memory:"
# Also a DNS label, since `NAME.localhost` chooses a world.
NAME = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


class WorldConfig(Struct, frozen=True, kw_only=True):
    """The parts that worlds are made with.

    Each world has all `services`, started in this order when something first happens in it; at once
    if it `has_webhook`, which is a fact that clients see.
    `seed` is the one of the settings; `seed_state` and `parse_seed`: see `Seeds`.
    """

    make_clock: Callable[[], WorldClock]
    rules: RulesConfig
    tasks: asyncio.TaskGroup
    services: MakeServices
    has_webhook: bool = False
    seed: str
    seed_state: MakeState
    parse_seed: ParseSeed | None = None


class Worlds:
    """All worlds, by name. For the event loop's thread."""

    def __init__(self, shared: Shared, config: WorldConfig) -> None:
        self.shared = shared
        self.config = config
        # Called with each new world, before anything happens in it.
        self.when_opened: list[Callable[[Platform], None]] = []
        self._platforms: dict[str, Platform] = {}
        self._names_at_rest: dict[Store, Names] = {}
        self.directory = Directory(self._platforms, shared.state, self._names_at_rest)
        shared.is_media_needed = self.directory.is_media_needed
        shared.watch = lambda store: self.awake.watch(store)
        self.seeds = Seeds(config.rules, config.seed, config.seed_state, config.parse_seed)

    @cached_property
    def runs(self) -> "Runs":
        """The runs of scenarios. Their modules are imported at the first use."""
        from emulator.platform.runs import Runs

        return Runs(self.make, self.drop, self.config.tasks)

    @cached_property
    def awake(self) -> "AwakeStores":
        """The worlds and snapshots in memory. Its module is imported for the first of them."""
        from emulator.platform.awake import AwakeStores

        awake = AwakeStores(self.shared.config, self._names_at_rest)
        self._resting = self.config.tasks.create_task(awake.rest())
        return awake

    @property
    def default(self) -> Platform:
        return self._platforms[DEFAULT]

    def all(self) -> list[Platform]:
        return list(self._platforms.values())

    def find(self, name: str) -> Platform:
        """The world of this name. Refuses (`not_found`)."""
        return self.directory.by_name(name)

    async def open_default(self, path: str, seed: str) -> Platform:
        """Open the world `default`: as it was kept at `path`, or fresh from its seed."""
        bus, clock = Bus(), self.config.make_clock()
        publish, rules = for_everyone(bus.publish), self.config.rules
        if path == MEMORY:  # Always fresh, and copying a world costs less than running its schema.
            is_fresh = True
            world = self.seeds.template(seed).make(clock, publish, rules, DEFAULT)
        else:
            world = World(clock=clock, publish=publish, rules=rules, path=path)
            # Its time may have been ahead of the machine's when it was closed.
            clock.advance(max(0, world.store.last_at_ms() - clock.now_ms()))
            is_fresh = world.is_fresh
            if is_fresh:
                self.seeds.template(seed).restore(world)
            else:
                from emulator.media.recording.uploads.queue import sweep  # Late: nothing to sweep.

                sweep(self.shared.media_store.root, world)
        platform = self._add(world, clock, bus, seed, is_kept=path != MEMORY)
        if not is_fresh:
            await platform.recover(is_restart=True)
        return platform

    def make(
        self, name: str, seed: str, clock: WorldClock | None = None, content: "Seed | None" = None
    ) -> Platform:
        """Make a fresh world. Refuses (`invalid`) a bad name or seed, (`conflict`) a taken name.

        `seed` is `default`, `none` or a file's path; with `content` it is only the content's name.
        """
        self.check_name(name)
        bus, clock = Bus(), clock or self.config.make_clock()
        if content is None:
            template = self.seeds.template(seed)
        else:
            in_use = {platform.seed for platform in self.all()}
            template = self.seeds.send(seed, content, in_use)
        world = template.make(clock, for_everyone(bus.publish), self.config.rules, name)
        return self._add(world, clock, bus, seed)

    def open(self, name: str, seed: str, facts: Store) -> Platform:
        """Make a world with a copy of these facts. Call `Platform.recover` to resume their work."""
        bus, clock = Bus(), self.config.make_clock()
        world = World(
            clock=clock,
            publish=for_everyone(bus.publish),
            rules=self.config.rules,
            name=name,
            facts=facts,
        )
        return self._add(world, clock, bus, seed)

    def check_name(self, name: str) -> None:
        """Refuse (`invalid`) an invalid name, (`conflict`) a taken one or one world too many."""
        if name in self._platforms:
            raise Refused("conflict", f"There is a world {name} already. Drop it, or reset it.")
        if not re.fullmatch(NAME, name):
            raise Refused(
                "invalid", "A world's name is 1 to 63 lowercase letters, digits and dashes inside."
            )
        if len(self._platforms) >= self.shared.config.worlds_max:
            raise Refused(
                "conflict",
                f"There are {len(self._platforms)} worlds. Drop some, or raise worlds_max.",
            )

    def has(self, name: str) -> bool:
        return name in self._platforms

    async def drop(self, name: str) -> None:
        """Remove a world, and end its runs first. Refuses (`conflict`) the default one."""
        platform = self.find(name)
        if platform is self.default:
            raise Refused("conflict", "The world default stays. POST /_emulator/reset empties it.")
        if "runs" in vars(self):
            await self.runs.stop("Its world was dropped.", world=name)
        if self._platforms.get(name) is not platform:
            return  # A run drops a world that was made for it when it ends.
        del self._platforms[name]
        await platform.leave("its world was dropped")
        names = self._names_at_rest.get(platform.world.store)
        uids = set(uids_of(platform.world.store) if names is None else names.uids)
        uids.update(*(snapshot.uids for snapshot in platform.snapshots.values()))
        platform.close()
        await self.shared.remove_media(uids)

    def say_goodbye(self, reason: str) -> None:
        """Accept no new clients, and tell connected ones that the servers stop next."""
        self.shared.state.is_ready, self.shared.state.is_stopping = False, True
        for platform in self.all():
            platform.say_goodbye(reason)

    async def stop(self, reason: str) -> None:
        """End live streams, and drop every world that is not kept."""
        if "runs" in vars(self):
            await self.runs.stop(reason)
        for platform in self.all():
            if platform is not self.default:
                await self.drop(platform.world.name)
        for platform in self.all():
            platform.say_goodbye(reason)
            await platform.stop(reason)

    def close(self) -> None:
        """Close all worlds. Call it after everything else has stopped."""
        self.seeds.close()
        if "awake" in vars(self):
            self._resting.cancel()
        for platform in self.all():
            platform.close()

    def _add(
        self, world: World, clock: WorldClock, bus: Bus, seed: str, *, is_kept: bool = False
    ) -> Platform:
        template = partial(self.seeds.template, seed)
        platform = Platform(
            world, clock, bus, seed=seed, template=template, shared=self.shared, is_kept=is_kept
        )
        self._platforms[world.name] = platform
        if not world.is_on_disk:
            self.shared.watch(world.store)
        platform.start(self.config.services)
        if self.config.has_webhook:
            platform.make_services()
        for act in self.when_opened:
            act(platform)
        return platform
