"""Removal: delete a stream with its clips and, if requested, its recordings."""

from emulator.core.errors import Refused
from emulator.core.events.live import StreamDeleted
from emulator.world.library import clips, recordings
from emulator.world.live.streams import Stream
from emulator.world.world import World


def delete_stream(world: World, stream: Stream, *, with_vods: bool = False) -> None:
    """Delete a stream and all that belongs to it.

    Its VODs keep their media, or are deleted too (`with_vods`). Refuses (`conflict`) a live stream.
    """
    if stream.status == "live":
        raise Refused("conflict", "Stream is live. End it before you delete it.")
    with world.change():
        if with_vods:
            recordings.delete_of(world, stream.pk)
        clips.delete_of(world, stream.pk)
        is_media_kept = recordings.is_media_needed(world, stream.uid)
        world.store.write("DELETE FROM streams WHERE row = ?", stream.pk)
        world.emit(
            StreamDeleted(
                at_ms=world.now_ms,
                stream_id=stream.id,
                uid=stream.uid,
                is_media_kept=is_media_kept,
            )
        )
