"""`/_emulator/vods/{id}/views`: how often and for how long a recording was watched.

The platform tells views alone; how long is what a test of a player wants to know.
"""

from typing import TypedDict

from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import recordings, watching


class VodViews(TypedDict):
    """`watch_seconds` is what players have taken of its media, over all of them."""

    vod_id: str
    views: int
    watch_seconds: float
    average_watch_seconds: float


@endpoint("GET", "/vods/{vod_id}/views")
def get_vod_views(call: Call, vod_id: str) -> VodViews:
    """Read how often and for how long a VOD was watched."""
    vod = recordings.find(call.world, vod_id)
    watched = watching.of(call.world, vod)
    seconds = watched.watch_ms / 1000
    return {
        "vod_id": vod.id,
        "views": watched.views,
        "watch_seconds": seconds,
        "average_watch_seconds": round(seconds / watched.views, 3) if watched.views else 0.0,
    }
