"""Index: a video's words for searches, as full text and by meaning."""

from emulator.world.video import meaning
from emulator.world.world import World


def write(
    world: World, pk: int, title: str, description: str | None, tags: tuple[str, ...]
) -> None:
    """Store a video's words, inside `change`."""
    store = world.store
    store.write("DELETE FROM video_search WHERE rowid = ?", pk)
    store.insert(
        "video_search", rowid=pk, title=title, description=description or "", tags=" ".join(tags)
    )
    weights = meaning.of(title, description, tags)
    store.write("DELETE FROM video_stems WHERE video_row = ?", pk)
    for stem, weight in weights.items():
        store.write("INSERT INTO video_stems VALUES (?, ?, ?)", stem, pk, weight)
    store.update("videos", pk, norm=meaning.norm(weights))
