"""Subject: the stream, VOD, video, clip or rendition that a CDN uid names."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.recording.simulated.loops import HEIGHT
from emulator.platform.platform import Platform
from emulator.world.library import clips, recordings, renditions
from emulator.world.library.clips import Clip
from emulator.world.library.recordings import Loop, Vod
from emulator.world.live import renditions as live_renditions
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.video import videos
from emulator.world.video.videos import Video


class Subject(Struct, frozen=True):
    """The thing that an address names.

    With a `loop` it shows the built-in picture at that `height`. `watched` is the stream of a live
    rendition.
    """

    stream: Stream | None
    vod: Vod | None
    media_uid: str
    loop: Loop | None = None
    height: int = HEIGHT
    video: Video | None = None
    watched: Stream | None = None
    clip: Clip | None = None


def subject_of(platform: Platform, uid: str) -> Subject:
    """Return the stream, or the ready VOD, video, clip or rendition, with this uid.

    Refuses (`not_found`) anything else.
    """
    world = platform.world
    stream = streams.by_uid(world, uid)
    if stream is not None:
        return Subject(stream, None, stream.uid, _loop_of(platform, stream))
    video = videos.by_uid(world, uid)
    if video is not None and video.status == "ready":
        return Subject(None, None, uid, video=video)
    vod = recordings.by_uid(world, uid) or recordings.by_upload(world, uid)
    if vod is not None and vod.status == "ready":
        return Subject(None, vod, vod.media_uid, vod.loop)
    clip = clips.by_uid(world, uid)
    if clip is not None and clip.status == "ready":
        return Subject(None, None, uid, _loop_of_clip(platform, clip), clip=clip)
    rendition = renditions.ready(world, uid)
    if rendition is not None:
        loop = renditions.source_of(world, rendition).loop
        return Subject(None, None, uid, loop, rendition.height)
    live = live_renditions.stream_of(world, uid)
    if live is not None:
        return Subject(None, None, uid, watched=live)
    raise Refused("not_found", "Not Found")


def _loop_of_clip(platform: Platform, clip: Clip) -> Loop | None:
    """Return the loop of a simulated clip; None for one that was cut from media."""
    if not clip.is_simulated:
        return None
    began_ms = streams.find(platform.world, clip.stream_id).started_at_ms or 0
    return Loop(clip.uid, began_ms + clip.from_ms, began_ms + clip.to_ms)


def _loop_of(platform: Platform, stream: Stream) -> Loop | None:
    """Return the loop of a simulated stream; None if it has ended and its recording was deleted."""
    if not stream.is_simulated or stream.started_at_ms is None:
        return None
    if stream.status == "ended" and recordings.by_media(platform.world, stream.uid) is None:
        return None
    return Loop(stream.uid, stream.started_at_ms, stream.ended_at_ms)
