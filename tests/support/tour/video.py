"""Steps: video calls, uploaded videos, albums, annotations; media of a seeded recording."""

from pathlib import Path
from typing import Any

from tests.support.encoders import film
from tests.support.tour import Stop, Wait, step


def small_film() -> bytes:
    path: Path = film(seconds=2, form="mp4")
    return path.read_bytes()


_CALL = "/video-sessions/sessions/{session_id}"
_NOTE: dict[str, Any] = {
    "timestamp": 0.5,
    "duration": 1,
    "title": "In {world}",
    "description": "Look",
    "type": "code",
}
_SMALL: dict[str, Any] = {"options": {"resolution": "360p", "format": "mp4"}}
_DONE = Wait(operation="GET /video/{video_id}/status", by="tess", where="status", value="completed")

STOPS: list[Stop] = [
    step("GET /video-sessions/ice-servers"),
    step(
        "POST /video-sessions/sessions",
        "tess",
        {"session_name": "Call of {world}", "max_participants": 4},
        keep={"session_id": "id"},
    ),
    step("GET /video-sessions/sessions/active", "tess"),
    step("GET /video-sessions/sessions/user/{user_id}", "tess", names={"user_id": "{tess_id}"}),
    step(f"GET {_CALL}", "tess"),
    step(f"PUT {_CALL}", "tess", {"session_name": "Talk of {world}"}),
    step(f"POST {_CALL}/token", "otto"),
    step(f"GET {_CALL}/participants", "tess", keep={"participant_id": "participants.0.id"}),
    step(f"DELETE {_CALL}/participants/{{participant_id}}", "tess"),
    step(f"DELETE {_CALL}", "tess"),
    step("POST /videos", "tess", {"title": "Draft of {world}"}, keep={"draft_id": "id"}),
    step(
        "POST /video/upload",
        "tess",
        {"name": "Film of {world}"},
        file=small_film(),
        keep={"video_id": "id"},
    ),
    _DONE,
    step("POST /video/{video_id}/process", "tess", _SMALL),
    _DONE,
    step("POST /video/batch-process", "tess", {"videoIds": ["{video_id}"], **_SMALL}),
    _DONE,
    step("GET /video/{video_id}/status", "tess"),
    step("GET /video/library", "tess"),
    step("GET /video/{video_id}", "tess"),
    step("GET /video/{video_id}/analytics", "tess"),
    step("PUT /videos/{video_id}", "tess", {"title": "Film of {world}", "tags": ["tour"]}),
    step("GET /videos", query="?tag=tour"),
    step("GET /videos/{video_id}", "otto"),
    step("GET /videos/search", query="?q={world}"),
    step("GET /videos/search", query="?q=films&mode=semantic"),
    step("GET /videos/recommendations", "otto"),
    step("GET /videos/{video_id}/related"),
    step("POST /videos/{video_id}/annotations", "tess", _NOTE, keep={"annotation_id": "id"}),
    step("GET /videos/{video_id}/annotations"),
    step("DELETE /videos/{video_id}/annotations/{annotation_id}", "tess"),
    step("POST /videos/{video_id}/views", "otto", {"watched_seconds": 1.5}),
    step("POST /videos/{video_id}/like", "otto"),
    step("GET /videos/{video_id}/engagement", "tess"),
    step("DELETE /videos/{video_id}/like", "otto"),
    step("POST /videos/albums", "tess", {"title": "Album of {world}"}, keep={"album_id": "id"}),
    step("POST /videos/albums/{album_id}/videos", "tess", {"video_id": "{video_id}"}),
    step("PUT /videos/albums/{album_id}", "tess", {"description": "Films"}),
    step("GET /videos/albums"),
    step("GET /videos/albums/{album_id}"),
    step("DELETE /videos/albums/{album_id}/videos/{video_id}", "tess"),
    step("DELETE /videos/albums/{album_id}", "tess"),
    step("DELETE /videos/{video_id}", "tess"),
    step("POST /videos", "tess", {"title": "Another of {world}"}, keep={"video_id": "id"}),
    step("DELETE /video/{video_id}", "tess"),
]
