"""AwakeStores: compress the worlds and snapshots in memory that nobody uses."""

import asyncio
from collections import Counter, OrderedDict

from emulator.platform.config import PlatformConfig
from emulator.platform.media_uids import Names, names_of
from emulator.world.store.journal import Store

# A store that had to wake so often since the last timed look is in use, and stays awake.
_WAKES_MAX = 3


class AwakeStores:
    """The stores in memory that are not compressed. For the event loop's thread.

    A store that was not used for `world_rest_ms` is compressed. So is the one used longest ago
    while more than `worlds_awake_max` are awake, unless it came back `_WAKES_MAX` times: then that
    many are in use, and the bound grows by one until they are not.

    Uses are not counted: a look tells whether a store was used since the last one (`Store.look`).
    Above the bound, looks go round and round, and whatever was not used since its last look is
    compressed (the "clock" of page replacement).

    `names_at_rest` is filled with the names in each compressed store, for searches in all worlds.
    """

    def __init__(self, config: PlatformConfig, names_at_rest: dict[Store, Names]) -> None:
        self._config = config
        self._names_at_rest = names_at_rest
        self._bound = config.worlds_awake_max
        # In the order of their last looks: the number of the timed look since which each is unused.
        self._unused_since: OrderedDict[Store, int] = OrderedDict()
        self._timed_looks = 0
        # The number of times that each was compressed since the last timed look because too many
        # were awake.
        self._compressed: Counter[Store] = Counter()
        self._one_more = asyncio.Event()

    def all(self) -> list[Store]:
        return list(self._unused_since)

    def watch(self, store: Store) -> None:
        """Compress this store when it is not used, from now until it is closed."""
        store.when_awake = self._note
        self._note(store, True)

    async def rest(self) -> None:
        """Compress stores one by one, with other work in between, until it is cancelled."""
        await asyncio.gather(self._look_at_times(), self._keep_bound())

    def _note(self, store: Store, is_awake: bool) -> None:
        self._names_at_rest.pop(store, None)
        if not is_awake:
            self._unused_since.pop(store, None)
            self._compressed.pop(store, None)
        elif store not in self._unused_since:
            self._unused_since[store] = self._timed_looks + 1
            self._one_more.set()

    async def _look_at_times(self) -> None:
        while True:
            await asyncio.sleep(self._config.world_rest_ms / 1000)
            self._timed_looks += 1
            for store in list(self._unused_since):
                if store.look():
                    self._unused_since[store] = self._timed_looks
                elif self._unused_since.get(store, self._timed_looks) < self._timed_looks:
                    await self._compress(store)
            self._compressed.clear()
            self._bound = max(
                self._config.worlds_awake_max, min(self._bound, len(self._unused_since))
            )

    async def _keep_bound(self) -> None:
        while True:
            await self._one_more.wait()
            self._one_more.clear()
            # Once round to look, and once more to compress.
            for _ in range(2 * len(self._unused_since)):
                if len(self._unused_since) <= self._bound:
                    break
                store = next(iter(self._unused_since))
                if store.look():
                    self._unused_since[store] = self._timed_looks + 1
                    self._unused_since.move_to_end(store)
                elif self._compressed[store] < _WAKES_MAX:
                    self._compressed[store] += 1
                    await self._compress(store)
                else:
                    self._unused_since.move_to_end(store)
                    self._bound += 1

    async def _compress(self, store: Store) -> None:
        names = names_of(store)
        # One that is too large is left out as well: its next use brings it back.
        del self._unused_since[store]
        if store.rest():
            self._names_at_rest[store] = names
            await asyncio.sleep(0)
