"""`/_emulator/recordings`: all recordings, clips and uploaded videos, and their size on disk.

The platform's own lists only contain what one user may see.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from pydantic import Field
from starlette.concurrency import run_in_threadpool

from emulator.media.hls.disk import file_sizes
from emulator.shapes.addresses import Addresses
from emulator.shapes.pages import PageShape
from emulator.shapes.times import iso
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import catalog
from emulator.world.library.catalog import CatalogItem, CatalogStatus, Kind
from emulator.world.library.recordings import SIMULATED_FILE_MS_MAX


class RecordingQuery(Page):
    """`find` is part of a title, an owner's name or an id."""

    kind: Kind | None = None
    status: CatalogStatus | None = None
    find: str = Field("", max_length=200)


class RecordingShape(TypedDict):
    """`duration` is in seconds; `bytes` is the size of its files, null if they are made on demand.

    `failure` says why it has failed. The addresses are null until it is ready; a simulated
    recording of more than a day has no `download_url`.
    """

    kind: Kind
    id: str
    cloudflare_video_id: str
    stream_id: str | None
    title: str
    username: str
    status: CatalogStatus
    failure: str | None
    progress_percent: int | None
    duration: float
    bytes: int | None
    watch_url: str | None
    download_url: str | None
    thumbnail_url: str | None
    created_at: str


class RecordingPage(PageShape):
    """`processing` is the number of items being processed, on all pages."""

    recordings: list[RecordingShape]
    processing: int


@endpoint("GET", "/recordings")
async def list_recordings(call: Call, query: RecordingQuery) -> RecordingPage:
    """List recordings, clips and uploaded videos of all users, newest first."""
    world = call.world
    items, total = catalog.page(
        world,
        kind=query.kind,
        status=query.status,
        text=query.find,
        offset=query.offset,
        count=query.per_page,
    )
    folder = call.platform.media_store.folder
    folders = {item.media_uid: folder(item.media_uid) for item in items if not item.is_simulated}
    sizes = await run_in_threadpool(_sizes, folders.items())
    return {
        "recordings": [_shape(call.addresses, item, sizes.get(item.media_uid)) for item in items],
        "processing": catalog.processing(world),
        **query.counts(total),
    }


def _sizes(folders: Iterable[tuple[str, Path]]) -> dict[str, int]:
    """Return the size of each folder, without those that do not exist."""
    sizes = {}
    for uid, folder in folders:
        try:
            sizes[uid] = sum(file_sizes(folder).values())
        except FileNotFoundError:  # It does not exist.
            continue
    return sizes


def _shape(addresses: Addresses, item: CatalogItem, size: int | None) -> RecordingShape:
    base = f"{addresses.media}/{item.uid}"
    is_ready = item.status == "ready"
    has_file = not item.is_simulated or item.duration_ms <= SIMULATED_FILE_MS_MAX
    return {
        "kind": item.kind,
        "id": item.id,
        "cloudflare_video_id": item.uid,
        "stream_id": item.stream_id,
        "title": item.title,
        "username": item.username,
        "status": item.status,
        "failure": item.failure,
        "progress_percent": item.progress_percent,
        "duration": item.duration_ms / 1000,
        "bytes": size,
        "watch_url": f"{base}/watch" if is_ready else None,
        "download_url": f"{base}/downloads/default.mp4" if is_ready and has_file else None,
        "thumbnail_url": f"{base}/thumbnails/thumbnail.jpg" if is_ready else None,
        "created_at": iso(item.created_at_ms),
    }
