"""Looks: the pictures of simulated streams, their recordings and their clips.

Each channel of a seed has its own look. Synthetic publishers all send the test picture: a test that
makes a hundred such streams renders one film.
"""

from typing import TYPE_CHECKING

from emulator.world.library import clips, recordings
from emulator.world.live import streams, synthetic
from emulator.world.live.streams import Stream
from emulator.world.people import accounts, images
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.media.publisher.test_card.scene import Look


def look_of(world: World, uid: str) -> "Look | None":
    """The look of the media with this uid; None for the test picture."""
    stream = streams.by_uid(world, uid) or _source(world, uid)
    if stream is None or synthetic.was_started(world, stream):
        return None
    # Imported late: only a viewer needs it, and the server starts sooner without it.
    from emulator.media.publisher.test_card.scene import Look

    owner = accounts.by_pk(world, stream.user_pk)
    return Look(
        name=owner.display_name or owner.username,
        letter=images.letter(owner.username),
        title=stream.title,
        hue=images.hue(owner.username),
    )


def _source(world: World, uid: str) -> Stream | None:
    """The stream of a clip, or of a recording with its own address."""
    recording = clips.by_uid(world, uid) or recordings.by_uid(world, uid)
    if recording is None or recording.stream_id is None:
        return None
    return streams.find(world, recording.stream_id)
