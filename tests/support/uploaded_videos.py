"""Upload videos, wait for them and read them; the field names of the contract's shapes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.support.encoders import film
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.rest import Caller

VIDEO = {
    "id",
    "user_id",
    "title",
    "description",
    "tags",
    "visibility",
    "status",
    "duration",
    "width",
    "height",
    "thumbnail_url",
    "playback_url",
    "cloudflare_video_id",
    "view_count",
    "like_count",
    "user",
    "created_at",
    "updated_at",
}
ALBUM = {
    "id",
    "user_id",
    "title",
    "description",
    "visibility",
    "video_count",
    "cover_url",
    "created_at",
}
ANNOTATION = {
    "id",
    "video_id",
    "timestamp",
    "duration",
    "title",
    "description",
    "type",
    "position",
    "code_snippet",
    "language",
}
WEBSITE_VIDEO = {
    "id",
    "name",
    "originalName",
    "description",
    "status",
    "format",
    "resolution",
    "duration",
    "fileSize",
    "thumbnailUrl",
    "videoUrl",
    "createdAt",
    "updatedAt",
    "processingProgress",
    "processingStage",
}
PROCESSING = {
    "videoId",
    "status",
    "progress",
    "stage",
    "estimatedTimeRemaining",
    "error",
    "startedAt",
    "completedAt",
}
_BETWEEN_LOOKS_SECONDS = 0.02


def small_film() -> Path:
    """A film of two seconds and 60 pictures that browsers can play without transcoding."""
    return film(seconds=2, form="mp4")


async def send(
    call: Caller,
    content: bytes,
    key: str = "ak_demo",
    *,
    name: str = "film.mp4",
    path: str = "/videos/",
    **fields: Any,
) -> httpx.Response:
    """Upload bytes as a form."""
    return await call("POST", path, key, files={"file": (name, content)}, data=fields)


async def upload(call: Caller, key: str = "ak_demo", **fields: Any) -> dict[str, Any]:
    """Upload a small film, and wait until it can be watched."""
    answer = await send(call, small_film().read_bytes(), key, **fields)
    assert answer.status_code == 201, answer.text
    return await until_ready(call, answer.json()["id"], key)


async def until_ready(call: Caller, video_id: str, key: str = "ak_demo") -> dict[str, Any]:
    """Wait until the video is no longer processed, and return it. Fails if processing failed."""
    job = await until_done(call, video_id, key)
    assert job["status"] == "completed", job
    video: dict[str, Any] = (await call("GET", f"/videos/{video_id}", key)).json()
    assert video["status"] == "ready"
    return video


async def until_true(look: Callable[[], bool]) -> None:
    """Wait until `look` is true; fails at the deadline."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if look():
                return
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)


async def until_done(call: Caller, video_id: str, key: str = "ak_demo") -> dict[str, Any]:
    """Wait until the video's newest job is completed or has failed, and return the job."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            job: dict[str, Any] = (await call("GET", f"/video/{video_id}/status", key)).json()
            assert job.keys() == PROCESSING
            if job["status"] in {"completed", "failed"}:
                return job
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
