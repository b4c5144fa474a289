"""`/videos/albums`: ordered collections of videos."""

from typing import Any

from pydantic import Field

from emulator.shapes.pages import PageShape
from emulator.shapes.video import AlbumShape, AlbumWithVideos, album_shape, album_with_videos
from emulator.web.api.models import Page, Request, Whole
from emulator.web.api.video.videos import Visibility
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import albums, videos


class _AlbumFields(Request):
    description: str | None = Field(None, max_length=5000)
    visibility: Visibility | None = None

    def patch(self) -> dict[str, Any]:
        """Return the changes. A null for a required value has no effect."""
        values = self.model_dump(exclude_unset=True)
        for name in ("title", "visibility"):
            if values.get(name, "") is None:
                del values[name]
        return values


class AlbumCreate(_AlbumFields):
    title: str = Field(min_length=1, max_length=200)


class AlbumUpdate(_AlbumFields):
    title: str | None = Field(None, min_length=1, max_length=200)


class AlbumVideo(Request):
    """`position` counts from 0; without it, or above the last, the video is appended."""

    video_id: str
    position: Whole | None = Field(None, ge=0, le=albums.VIDEOS_MAX)


class AlbumPage(PageShape):
    items: list[AlbumShape]


@endpoint("GET", "/videos/albums", provenance="documented")
def list_albums(call: Call, caller: User | None, query: Page) -> AlbumPage:
    """List albums: public ones, and the caller's own."""
    listed, total = albums.page(call.world, caller, offset=query.offset, count=query.per_page)
    return {
        "items": [album_shape(call.world, call.addresses, album, caller) for album in listed],
        **query.counts(total),
    }


@endpoint("POST", "/videos/albums", provenance="documented", status=201)
def create_album(call: Call, caller: User, body: AlbumCreate) -> AlbumShape:
    """Create an empty album."""
    album = albums.create(call.world, caller, body.patch())
    return album_shape(call.world, call.addresses, album, caller)


@endpoint("GET", "/videos/albums/{album_id}", provenance="documented")
def get_album(call: Call, caller: User | None, album_id: str) -> AlbumWithVideos:
    """Read an album, and those of its videos that the caller may see."""
    album = albums.find_for(call.world, album_id, caller)
    return album_with_videos(call.world, call.addresses, album, caller)


@endpoint("PUT", "/videos/albums/{album_id}", provenance="documented", refuses=("forbidden",))
def update_album(call: Call, caller: User, album_id: str, body: AlbumUpdate) -> AlbumShape:
    """Change an album's title, description or visibility."""
    changed = albums.update(call.world, albums.find_own(call.world, album_id, caller), body.patch())
    return album_shape(call.world, call.addresses, changed, caller)


@endpoint("DELETE", "/videos/albums/{album_id}", provenance="documented", refuses=("forbidden",))
def delete_album(call: Call, caller: User, album_id: str) -> None:
    """Delete an album; its videos stay."""
    albums.delete(call.world, albums.find_own(call.world, album_id, caller))


@endpoint(
    "POST",
    "/videos/albums/{album_id}/videos",
    provenance="documented",
    status=201,
    refuses=("forbidden", "conflict"),
)
def add_album_video(call: Call, caller: User, album_id: str, body: AlbumVideo) -> AlbumShape:
    """Add a video to an album: the caller's own, or another that they may see."""
    album = albums.find_own(call.world, album_id, caller)
    video = videos.find_for(call.world, body.video_id, caller)
    albums.add(call.world, album, video, body.position)
    return album_shape(call.world, call.addresses, album, caller)


@endpoint(
    "DELETE",
    "/videos/albums/{album_id}/videos/{video_id}",
    provenance="documented",
    refuses=("forbidden",),
)
def remove_album_video(call: Call, caller: User, album_id: str, video_id: str) -> None:
    """Remove a video from an album."""
    albums.remove(call.world, albums.find_own(call.world, album_id, caller), video_id)
