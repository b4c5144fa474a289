"""Transfer: write a world to a file with its snapshots and media, and make a world from one."""

import asyncio
from pathlib import Path
from typing import IO

from emulator.core.errors import Refused
from emulator.platform import world_file
from emulator.platform.media_uids import uids_of
from emulator.platform.platform import Platform
from emulator.platform.snapshots import IMPORTED, keep
from emulator.platform.world_file import FileSnapshot, WorldFile
from emulator.platform.worlds import Worlds
from emulator.world.store.journal import Store


async def export(platform: Platform, path: Path) -> None:
    """Write a world with its snapshots and media to `path`. Live streams go on.

    Raises `OSError` if the file cannot be written.
    """
    world, snapshots = platform.world, platform.snapshots.values()
    world.searches.keep(world.store, world.now_ms)
    await platform.media_store.written()
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
    uids = uids_of(world.store)
    uids.update(*(snapshot.uids for snapshot in snapshots))
    folders = [platform.media_store.folder(uid) for uid in sorted(uids)]
    await asyncio.to_thread(world_file.write, path, content, folders)


async def import_world(
    worlds: Worlds, file: IO[bytes] | Path, name: str | None, *, is_replacing: bool
) -> Platform:
    """Make the world of a file, with its snapshots, under `name` or its own name.

    Its facts are also kept as the snapshot `imported`, which a reset restores. Refuses (`invalid`)
    another kind of file; (`conflict`) a name that is taken, unless `is_replacing`; (`too_large`)
    media for which the disk has no room.
    """
    content = await asyncio.to_thread(world_file.read, file)
    name = name or content.name
    if not worlds.has(name):
        worlds.check_name(name)
    elif not is_replacing:
        raise Refused(
            "conflict",
            f"There is a world {name} already. Replace it, or import under another name.",
        )
    media_store = worlds.shared.media_store
    free_bytes = media_store.usage().free_bytes
    new_uids = await asyncio.to_thread(world_file.unpack_media, file, media_store.root, free_bytes)
    facts = Store.of_image(content.facts)
    try:
        if worlds.has(name):
            platform = worlds.find(name)
            await platform.replace("its world was replaced", lambda world: world.load(facts))
        else:
            platform = worlds.open(name, content.seed, facts)
    except BaseException:
        facts.close()
        await worlds.shared.remove_media(new_uids)
        raise
    _take_snapshots(platform, content, facts)
    platform.clock.advance(max(0, content.now_ms - platform.clock.now_ms()))
    await platform.recover()
    return platform


def _take_snapshots(platform: Platform, content: WorldFile, facts: Store) -> None:
    """Replace the world's snapshots by the file's, and add `imported`."""
    for snapshot in platform.snapshots.values():
        snapshot.facts.close()
    platform.snapshots.clear()
    for image in content.snapshots:
        keep(platform, image.name, image.at_ms, Store.of_image(image.facts))
    keep(platform, IMPORTED, content.now_ms, facts)
