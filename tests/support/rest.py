"""A client of the platform's REST API for tests, and the field names of the contract's shapes."""

from typing import Any

import httpx

# Contract, schemas: the fields of STREAM, and those that STREAM_WITH_INGEST adds.
STREAM = {
    "id",
    "user_id",
    "title",
    "description",
    "status",
    "category_id",
    "category",
    "tags",
    "thumbnail_url",
    "cloudflare_stream_id",
    "cloudflare_video_id",
    "viewer_count",
    "peak_viewers",
    "started_at",
    "ended_at",
    "created_at",
    "updated_at",
    "duration_seconds",
    "is_mature",
    "visibility",
    "scheduled_start",
    "vod_id",
    "user",
    "streamer",
    "playback_url",
    "hls_url",
    "playback",
}
INGEST = {"rtmps_url", "stream_key", "rtmp_url", "whip_url", "ingest"}
USER_CARD = {
    "id",
    "username",
    "display_name",
    "avatar",
    "avatar_url",
    "is_live",
    "follower_count",
}
PERSON = USER_CARD | {
    "bio",
    "role",
    "following_count",
    "socials",
    "email_verified",
    "mfa_enabled",
    "tenant_id",
    "created_at",
}
USER = PERSON | {"email"}
PROFILE = PERSON | {
    "full_name",
    "banner_url",
    "total_streams",
    "total_views",
    "current_stream",
}
CATEGORY = {
    "id",
    "name",
    "slug",
    "description",
    "icon_url",
    "parent_id",
    "is_active",
    "stream_count",
    "viewer_count",
    "live_streams",
    "total_viewers",
    "created_at",
}
TAG = {"id", "name", "slug", "usage_count"}
STREAM_PAGE = {"streams", "total", "page", "per_page", "has_more"}


class Caller:
    """An HTTP client that calls as one account. `prefix` is that of one of the two dialects."""

    def __init__(self, client: httpx.AsyncClient, prefix: str) -> None:
        self._client = client
        self.prefix = prefix

    async def __call__(
        self,
        method: str,
        path: str,
        key: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if key:
            sent["Authorization"] = f"Bearer {key}"
        return await self._client.request(method, self.prefix + path, headers=sent, **options)


async def create(call: Caller, key: str = "ak_demo", **body: Any) -> dict[str, Any]:
    answer = await call("POST", "/streams/", key, json={"title": "My First Stream", **body})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def check_error(answer: httpx.Response, status: int) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status, answer.text
    assert body.keys() == {"detail", "message", "status", "traceId"}
    assert body["status"] == status
    assert answer.headers["X-Trace-Id"] == body["traceId"]
    return body
