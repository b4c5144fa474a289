"""Looks: what a simulated stream, its recording and its clips show.

The channels of a seed each have a look of their own. What a synthetic publisher sends is the test
picture, which all of them share: a test that makes a hundred such streams renders one film.
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
    """The look of what has this media uid; None where it is the test picture."""
    stream = streams.by_uid(world, uid) or _source(world, uid)
    if stream is None or synthetic.was_started(world, stream):
        return None
    # Late: a start need not wait for what only a viewer needs.
    from emulator.media.publisher.test_card.scene import Look

    owner = accounts.by_pk(world, stream.user_pk)
    return Look(
        name=owner.display_name or owner.username,
        letter=images.letter(owner.username),
        title=stream.title,
        hue=images.hue(owner.username),
    )


def _source(world: World, uid: str) -> Stream | None:
    """The stream that a clip, or a recording with an address of its own, was recording of."""
    recording = clips.by_uid(world, uid) or recordings.by_uid(world, uid)
    if recording is None or recording.stream_id is None:
        return None
    return streams.find(world, recording.stream_id)
