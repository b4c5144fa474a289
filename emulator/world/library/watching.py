"""Watching: how long a VOD was played, measured by the segments that players requested."""

from msgspec import Struct

from emulator.world.library.recordings import Vod
from emulator.world.world import World


class WatchTotals(Struct, frozen=True):
    """Figures of one VOD. The API counts `views`; `watch_ms` is the sum over all players."""

    views: int
    watch_ms: int


def note(world: World, vod: Vod, length_ms: int) -> None:
    """Add `length_ms` that a player has requested."""

    def write() -> None:
        world.store.write(
            "INSERT INTO vod_watching VALUES (?, ?) ON CONFLICT (vod_row) DO UPDATE"
            " SET watch_ms = watch_ms + excluded.watch_ms",
            vod.pk,
            length_ms,
        )

    world.store.note(write, is_seen=False)


def of(world: World, vod: Vod) -> WatchTotals:
    watch_ms = world.store.number("SELECT watch_ms FROM vod_watching WHERE vod_row = ?", vod.pk)
    return WatchTotals(vod.view_count, watch_ms)
