"""Steps: figures of a stream and of a channel, and the dashboard."""

from tests.support.tour import Stop, step

_OF_A_STREAM = ("", "/viewers", "/chat", "/geography", "/engagement", "/export")
_OF_A_CHANNEL = (
    "",
    "/growth",
    "/viewer-growth",
    "/audience",
    "/top-streams",
    "/best-times",
    "/categories",
    "/revenue",
    "/export",
)
_OF_A_DASHBOARD = (
    "/streamer/overview",
    "/streamer/quick-stats",
    "/streamer/activity",
    "/notifications",
    "/overview",
    "/quick-stats",
    "/recent-activity",
)

STOPS: list[Stop] = [
    *(step(f"GET /streams/{{stream_id}}/analytics{path}", "tess") for path in _OF_A_STREAM),
    *(step(f"GET /streams/analytics/channel{path}", "wizard") for path in _OF_A_CHANNEL),
    *(step(f"GET /dashboard{path}", "wizard") for path in _OF_A_DASHBOARD),
    step("GET /streams/users/{username}/analytics"),
]
