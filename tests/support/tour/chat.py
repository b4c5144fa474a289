"""Steps: a chat room and its moderators."""

from tests.support.tour import Stop, step

STOPS: list[Stop] = [
    step("GET /auth/me", "otto", keep={"otto_id": "id"}),
    step(
        "POST /streams/{stream_id}/chat",
        "otto",
        {"content": "Hello from {world}"},
        keep={"message_id": "id"},
    ),
    step("POST /streams/{stream_id}/chat", "tess", {"content": "<b>Welcome</b> '; --"}),
    step("GET /streams/{stream_id}/chat"),
    step("GET /streams/{stream_id}/chat/history", query="?limit=1"),
    step("GET /streams/{stream_id}/chat/settings"),
    step("PUT /streams/{stream_id}/chat/settings", "tess", {"slow_mode_seconds": 3}),
    step(
        "POST /streams/{stream_id}/moderators",
        "tess",
        {"user_id": "{otto_id}"},
        keep={"moderator_id": "id"},
    ),
    step("GET /streams/{stream_id}/moderators"),
    step("PUT /streams/{stream_id}/moderators/{moderator_id}", "tess", {"is_vip": True}),
    step("DELETE /streams/{stream_id}/moderators/{moderator_id}", "tess"),
    step("POST /streams/{stream_id}/chat/bans", "tess", {"user_id": "{otto_id}"}),
    step("GET /streams/{stream_id}/chat/bans", "tess"),
    step("DELETE /streams/{stream_id}/chat/bans/{user_id}", "tess", names={"user_id": "{otto_id}"}),
    step("DELETE /streams/{stream_id}/chat/{message_id}", "tess"),
    step("DELETE /streams/{stream_id}/chat", "tess"),
]
