"""Steps: streams, categories, tags, discovery, plans."""

from tests.support.tour import Stop, step

STOPS: list[Stop] = [
    step("POST /streams/categories", "admin", {"name": "Tours"}, keep={"category_id": "id"}),
    step(
        "POST /streams",
        "tess",
        {"title": "Tour of {world}", "tags": ["tour"], "category_id": "{category_id}"},
        keep={"stream_id": "id", "tess_id": "user_id", "uid": "cloudflare_stream_id"},
    ),
    step("GET /streams", "tess", query="?status_filter=all"),
    step("GET /streams", query="?per_page=100"),
    step("GET /streams/id/{stream_id}", "tess"),
    step("GET /streams/id/{stream_id}"),
    step("PUT /streams/id/{stream_id}", "tess", {"title": "Tour of {world}, on the way"}),
    step("PATCH /streams/id/{stream_id}", "tess", {"is_mature": True}),
    step("POST /streams/id/{stream_id}/key/rotate", "tess"),
    step("GET /streams/{stream_id}/schedule"),
    step(
        "POST /streams/{stream_id}/schedule",
        "tess",
        {"scheduled_start": "2099-01-01T10:00:00Z", "duration_minutes": 60},
    ),
    step("DELETE /streams/{stream_id}/schedule", "tess"),
    step("POST /streams/id/{stream_id}/start", "tess"),
    step("GET /streams/users/{username}/streams"),
    step("GET /streams/users/{username}/streams", query="?status_filter=all"),
    step("GET /streams/categories"),
    step("GET /streams/categories/tree"),
    step("GET /streams/categories/trending"),
    step("GET /streams/categories/popular", query="?limit=8"),
    step("GET /streams/categories/by-slug/{slug}"),
    step("GET /streams/categories/by-slug/{slug}/streams"),
    step("GET /streams/streams/tags"),
    step("GET /streams/streams/tags/popular"),
    step("GET /streams/streams/tags/suggestions", query="?query=to"),
    step("GET /streams/tags"),
    step("GET /streams/tags/popular", query="?limit=3"),
    step("GET /streams/tags/suggestions", query="?query=to"),
    step("GET /streams/trending", query="?limit=12"),
    step("GET /streams/rising"),
    step("GET /streams/recommended", "tess"),
    step("GET /streams/search", query="?q={world}"),
    step("GET /streams/search", query="?q=tour&status_filter=all&category_id={category_id}"),
    step("GET /streams/search/suggestions", query="?query=tou"),
    step("GET /streams/search/trending"),
    step("GET /streams/search/popular"),
    step("GET /streams/search/users", "tess", query="?q=tess"),
]

# Other files' steps have used the stream before this.
LAST: list[Stop] = [
    step("POST /streams/{stream_id}/end", "tess"),
    step("DELETE /streams/id/{stream_id}", "tess", query="?with_vods=true"),
    step("POST /streams", "tess", {"title": "Second of {world}"}, keep={"stream_id": "id"}),
    step("POST /streams/id/{stream_id}/end", "tess"),
]
