"""Steps: recordings of a seeded stream are read, split into chapters, cut, shown, deleted."""

from tests.support.tour import Stop, step

_CHAPTERS = "/streams/vods/{vod_id}/chapters"
_CONTENT = "/streams/id/{stream_id}/content"
_WRITTEN = ("blog", "snippets", "chapters")
_WIZARD = {"username": "devops_wizard"}
_SHOWN = {"vod_id": "{shown_id}"}
_OWN = {"stream_id": "{ended_id}"}

STOPS: list[Stop] = [
    step(
        "GET /streams/users/{username}/vods",
        names=_WIZARD,
        keep={"vod_id": "0.id", "ended_id": "0.stream_id", "media_uid": "0.cloudflare_video_id"},
    ),
    step("GET /streams/vods", "wizard"),
    step("GET /streams/vods/search", query="?q=a"),
    step("GET /streams/vods/{vod_id}"),
    step("PUT /streams/vods/{vod_id}", "wizard", {"title": "Recorded in {world}"}),
    step("GET /streams/vods/search", query="?q={world}"),
    step(f"GET {_CHAPTERS}", keep={"chapter_id": "0.id"}),
    step(f"DELETE {_CHAPTERS}/{{chapter_id}}", "wizard"),
    step(
        f"POST {_CHAPTERS}",
        "wizard",
        {"title": "In {world}", "start_time_seconds": 0, "end_time_seconds": 1},
        keep={"chapter_id": "id"},
    ),
    step(f"PUT {_CHAPTERS}/{{chapter_id}}", "wizard", {"title": "Still in {world}"}),
    step(f"DELETE {_CHAPTERS}/{{chapter_id}}", "wizard"),
    step(
        "POST /streams/{stream_id}/clips",
        "tess",
        {"title": "Clip of {world}", "start_time": 1, "end_time": 4},
        names=_OWN,
        keep={"clip_id": "id"},
    ),
    step("GET /streams/{stream_id}/clips", names=_OWN),
    step("GET /streams/users/{username}/clips", names=_WIZARD),
    step("GET /streams/clips/popular"),
    step("GET /streams/clips/{clip_id}"),
    step("DELETE /streams/clips/{clip_id}", "tess"),
    step(f"POST {_CHAPTERS}/generate", "wizard", {"max_chapters": 4}),
    step(f"GET {_CONTENT}", "wizard", names=_OWN),
    *(step(f"POST {_CONTENT}/{kind}", "wizard", names=_OWN) for kind in _WRITTEN),
    step(f"GET {_CONTENT}/export", "wizard", names=_OWN, query="?format=markdown"),
    step("GET /streams/id/{stream_id}/transcript", "wizard", names=_OWN),
    step(
        "POST /vod/upload",
        "demo",
        {"cloudflare_video_id": "{media_uid}", "title": "Shown by {world}"},
        keep={"shown_id": "vod.id"},
    ),
    step("GET /vod/{vod_id}", "demo", names=_SHOWN),
    step("PATCH /vod/{vod_id}/status", "demo", query="?status=ready", names=_SHOWN),
    step("POST /vod/{vod_id}/thumbnails", "demo", {"time_seconds": 1}, names=_SHOWN),
    step("GET /vod/{vod_id}/thumbnails", "demo", names=_SHOWN),
    step("GET /vod/{vod_id}/transcoding", "demo", names=_SHOWN),
    step("PATCH /vod/{vod_id}/status", "demo", query="?status=deleted", names=_SHOWN),
]

# Nothing later reads this recording.
LAST: list[Stop] = [step("DELETE /streams/vods/{vod_id}", "wizard")]
