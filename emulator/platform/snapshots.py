"""Snapshots of a world: taken, restored, dropped; and a reset, to what the world began with."""

import re

from emulator.core.errors import Refused
from emulator.platform.media_uids import uids_of
from emulator.platform.platform import Platform, Snapshot
from emulator.world.store.journal import Store

# The snapshot of what a file held when it became this world.
IMPORTED = "imported"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def save(platform: Platform, name: str) -> Snapshot:
    """Remember a world as it is now. A snapshot of the same name is replaced.

    Refuses (`invalid`) a bad name, (`conflict`) one too many.
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
    """Refuses (`not_found`) an unknown name."""
    snapshot = platform.snapshots.get(name)
    if snapshot is None:
        raise Refused("not_found", f"There is no snapshot {name[:64]} of this world.")
    return snapshot


async def restore(platform: Platform, name: str) -> Snapshot:
    """Put a world back to a snapshot; streams that were live then have lost their publisher."""
    snapshot = find(platform, name)
    await platform.replace("its world was restored", lambda world: world.load(snapshot.facts))
    await platform.recover()
    return snapshot


async def reset(platform: Platform) -> None:
    """Put a world back to its seed. Publishers are disconnected, its media is removed.

    A world that was imported goes back to what was imported, as long as that snapshot is there.
    Its clock runs at the machine's pace again, from where it was.
    """
    if IMPORTED in platform.snapshots:
        platform.clock.run()
        await restore(platform, IMPORTED)
        return
    template = platform.template()
    platform.clock.run()
    await platform.replace("its world was reset", template.restore)


async def drop(platform: Platform, name: str) -> None:
    """Drop a snapshot, and media that nothing else speaks of."""
    snapshot = find(platform, name)
    del platform.snapshots[name]
    snapshot.facts.close()
    await platform.shared.remove_media(snapshot.uids - uids_of(platform.world.store))


def keep(platform: Platform, name: str, at_ms: int, facts: Store) -> Snapshot:
    """Have these facts as a snapshot, instead of one of the same name."""
    before = platform.snapshots.pop(name, None)
    if before is not None:
        before.facts.close()
    uids = frozenset(uids_of(facts))
    snapshot = platform.snapshots[name] = Snapshot(name, at_ms, facts, uids)
    return snapshot
