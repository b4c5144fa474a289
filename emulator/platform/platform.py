"""Platform: one world with its services, which are started, recovered and stopped here.

The services come from one list in the server's composition root (`emulator/services`).
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar, cast

from msgspec import Struct

from emulator.core.bus import Bus
from emulator.core.events.worlds import ServerStopping, WorldReplaced
from emulator.core.service import Service
from emulator.core.world_clock import WorldClock
from emulator.media.hls.store import MediaStore
from emulator.media.recording.recordings import Recordings
from emulator.platform.media_uids import uids_of
from emulator.platform.shared import Shared, State
from emulator.seeding.template import Template
from emulator.shapes.addresses import Addresses, for_everyone
from emulator.world.store.journal import Store
from emulator.world.world import World

S = TypeVar("S", bound=Service)


class Snapshot(Struct, frozen=True):
    """A copy of a world's facts at `at_ms`. `uids`: the media that they name."""

    name: str
    at_ms: int
    facts: Store
    uids: frozenset[str]


class Platform:
    """One world, its clock, its bus and its services.

    `seed` is the name of its seed; for a seed file's content it ends with `#` and a digest.
    `template` returns the facts that the world began with. `is_kept`: its facts are in a file, and
    the next process continues with them.
    """

    def __init__(
        self,
        world: World,
        clock: WorldClock,
        bus: Bus,
        *,
        seed: str,
        template: Callable[[], Template],
        shared: Shared,
        is_kept: bool = False,
    ) -> None:
        self.world = world
        self.clock = clock
        self.bus = bus
        self.seed = seed
        self.template = template
        self.shared = shared
        self.is_kept = is_kept
        self.snapshots: dict[str, Snapshot] = {}
        # Called before the facts are replaced: when the world is reset, restored or dropped.
        self.when_left: list[Callable[[], None]] = []
        self._services: dict[type[Service], Service] = {}
        self._make_list: MakeServices | None = None
        world.media_base = self.shared.media_base
        world.store.publish_burst = for_everyone(bus.publish_burst)

    def service(self, kind: type[S]) -> S:
        """The service of this class."""
        self.make_services()
        return cast(S, self._services[kind])

    def start(self, make_list: "MakeServices") -> None:
        """Have the services made when something first happens in the world, or needs one of them.

        In a fresh world nothing does: most tests' worlds, and the default one of most starts.
        """
        self._make_list = make_list
        self.bus.before_use = self.make_services

    def make_services(self) -> None:
        """Make and start the services in order: each may use those before it from the start."""
        make_list, self._make_list = self._make_list, None
        if make_list is None:
            return
        for make in make_list():
            service = make(self)
            self._services[type(service)] = service
            self.bus.subscribe(service.handlers())
        self._start()

    async def recover(self, *, is_restart: bool = False) -> None:
        """Resume the work that the facts say is in progress, after they were loaded."""
        from emulator.world.audience import attendance  # Late: a fresh world needs none.

        self.make_services()
        attendance.reopen(self.world)
        for service in self._services.values():
            await service.recover(is_restart)

    async def replace(self, reason: str, load: Callable[[World], None]) -> None:
        """Replace the facts by those that `load` puts in place.

        Removes media that nothing refers to afterwards.
        """
        before = uids_of(self.world.store)
        await self.leave(reason)
        load(self.world)
        self._start()
        await self.shared.remove_media(before - uids_of(self.world.store))

    async def leave(self, reason: str) -> None:
        """Stop the services and tell subscribers that the present facts are no longer valid."""
        for act in self.when_left:
            act()
        await self.stop(reason)
        self.shared.forget(self.world.name)
        if self._is_used:
            self.bus.publish(WorldReplaced(at_ms=self.world.now_ms, world=self.world.name))

    async def stop(self, reason: str) -> None:
        """Stop every service, the last one first. If one fails, the others still stop."""
        async with AsyncExitStack() as stack:
            for service in self._services.values():
                stack.push_async_callback(service.stop, reason)

    def say_goodbye(self, reason: str) -> None:
        """Tell connected clients why the servers stop, while they can still be reached."""
        if self._is_used:
            at_ms = self.world.now_ms
            self.bus.publish(ServerStopping(at_ms=at_ms, reason=reason, is_world_kept=self.is_kept))

    def is_in_a_snapshot(self, uid: str) -> bool:
        """Whether a snapshot needs this media."""
        return any(uid in snapshot.uids for snapshot in self.snapshots.values())

    def close(self) -> None:
        """Close the world and its snapshots. Call it after `stop`."""
        self.clock.close()
        self.world.close()
        for snapshot in self.snapshots.values():
            snapshot.facts.close()

    def _start(self) -> None:
        for service in self._services.values():
            service.start()

    @property
    def _is_used(self) -> bool:
        """Whether the services were made: otherwise nobody subscribed or is connected."""
        return self._make_list is None

    @property
    def media_store(self) -> MediaStore:
        return self.shared.media_store

    @property
    def recordings(self) -> Recordings:
        return self.shared.recordings

    @property
    def addresses(self) -> Addresses:
        return self.shared.addresses

    @property
    def ready(self) -> dict[str, object]:
        return self.shared.ready()

    @property
    def state(self) -> State:
        return self.shared.state

    @property
    def body_bytes_max(self) -> int:
        return self.shared.config.body_bytes_max

    @property
    def upload_bytes_max(self) -> int:
        return self.shared.config.upload_bytes_max


# Makes one service of a world.
ServiceFactory = Callable[[Platform], Service]
MakeServices = Callable[[], Sequence[ServiceFactory]]
