"""`/_emulator/vods/{id}/views`: how often and how long a recording was watched.

The platform itself only shows views; a test of a player needs the watch time.
"""

from typing import TypedDict

from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import recordings, watching


class VodViews(TypedDict):
    """`watch_seconds` is the sum of the media that all players have requested."""

    vod_id: str
    views: int
    watch_seconds: float
    average_watch_seconds: float


@endpoint("GET", "/vods/{vod_id}/views")
def get_vod_views(call: Call, vod_id: str) -> VodViews:
    """Read how often and how long a VOD was watched."""
    vod = recordings.find(call.world, vod_id)
    watched = watching.of(call.world, vod)
    seconds = watched.watch_ms / 1000
    return {
        "vod_id": vod.id,
        "views": watched.views,
        "watch_seconds": seconds,
        "average_watch_seconds": round(seconds / watched.views, 3) if watched.views else 0.0,
    }
