"""Snapshots of a world: take, restore and drop them; and reset a world to its beginning."""

import re

from emulator.core.errors import Refused
from emulator.platform.media_uids import uids_of
from emulator.platform.platform import Platform, Snapshot
from emulator.world.store.journal import Store

# The snapshot of the world file that this world was imported from.
IMPORTED = "imported"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def save(platform: Platform, name: str) -> Snapshot:
    """Take a snapshot of a world. It replaces a snapshot of the same name.

    Refuses (`invalid`) a bad name, (`conflict`) one snapshot too many.
    """
    if not NAME.fullmatch(name):
        raise Refused("invalid", "A snapshot's name is 1 to 64 letters, digits, dots, dashes.")
    count = len(platform.snapshots)
    if name not in platform.snapshots and count >= platform.shared.config.snapshots_max:
        raise Refused("conflict", f"There are {count} snapshots. Drop some.")
    world = platform.world
    world.searches.keep(world.store, world.now_ms)
    return keep(platform, name, world.now_ms, world.store.copy())


def find(platform: Platform, name: str) -> Snapshot:
    """The snapshot of this name. Refuses (`not_found`) an unknown one."""
    snapshot = platform.snapshots.get(name)
    if snapshot is None:
        raise Refused("not_found", f"There is no snapshot {name[:64]} of this world.")
    return snapshot


async def restore(platform: Platform, name: str) -> Snapshot:
    """Restore a world from a snapshot. Streams that were live in it have lost their publisher."""
    snapshot = find(platform, name)
    await platform.replace("its world was restored", lambda world: world.load(snapshot.facts))
    await platform.recover()
    return snapshot


async def reset(platform: Platform) -> None:
    """Reset a world to its seed. Its publishers are disconnected, and its media is removed.

    A world that was imported is restored to the imported facts, as long as it has that snapshot.
    Its clock runs at the machine's pace again, from its present time.
    """
    if IMPORTED in platform.snapshots:
        platform.clock.run()
        await restore(platform, IMPORTED)
        return
    template = platform.template()
    platform.clock.run()
    await platform.replace("its world was reset", template.restore)


async def drop(platform: Platform, name: str) -> None:
    """Drop a snapshot, and the media that nothing else refers to."""
    snapshot = find(platform, name)
    del platform.snapshots[name]
    snapshot.facts.close()
    await platform.shared.remove_media(snapshot.uids - uids_of(platform.world.store))


def keep(platform: Platform, name: str, at_ms: int, facts: Store) -> Snapshot:
    """Keep these facts as a snapshot, in place of one of the same name."""
    before = platform.snapshots.pop(name, None)
    if before is not None:
        before.facts.close()
    platform.shared.watch(facts)
    uids = frozenset(uids_of(facts))
    snapshot = platform.snapshots[name] = Snapshot(name, at_ms, facts, uids)
    return snapshot
