"""`/videos/albums`: videos in an order that somebody chose."""

from typing import Any, TypedDict

from pydantic import Field

from emulator.shapes.video import AlbumShape, AlbumWithVideos, album_shape, album_with_videos
from emulator.web.api.models import Page, Request, Whole
from emulator.web.api.video.videos import Visibility
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.video import albums, videos
from emulator.world.video.albums import Album


class _AlbumWishes(Request):
    description: str | None = Field(None, max_length=5000)
    visibility: Visibility | None = None

    def patch(self) -> dict[str, Any]:
        """What was said. A null that an album cannot hold says nothing."""
        values = self.model_dump(exclude_unset=True)
        for name in ("title", "visibility"):
            if values.get(name, "") is None:
                del values[name]
        return values


class AlbumCreate(_AlbumWishes):
    title: str = Field(min_length=1, max_length=200)


class AlbumUpdate(_AlbumWishes):
    title: str | None = Field(None, min_length=1, max_length=200)


class AlbumVideo(Request):
    """`position` counts from 0; without one, or behind the last, it is the last."""

    video_id: str
    position: Whole | None = Field(None, ge=0, le=albums.VIDEOS_MAX)


class AlbumPage(TypedDict):
    items: list[AlbumShape]
    total: int
    page: int
    per_page: int
    has_more: bool


def page(call: Call) -> AlbumPage:
    """List albums: public ones, and one's own."""
    query = call.query_as(Page)
    found, total = albums.page(call.world, call.caller, offset=query.offset, count=query.per_page)
    return {
        "items": [album_shape(call.world, call.addresses, album, call.caller) for album in found],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def create(call: Call) -> AlbumShape:
    """Create an album, empty so far."""
    album = albums.create(call.world, call.user, call.body_as(AlbumCreate).patch())
    return album_shape(call.world, call.addresses, album, call.user)


def read(call: Call) -> AlbumWithVideos:
    """Read an album, and those of its videos that the caller may see."""
    album = albums.find_for(call.world, call.path["album_id"], call.caller)
    return album_with_videos(call.world, call.addresses, album, call.caller)


def update(call: Call) -> AlbumShape:
    """Change what an album says of itself."""
    changed = albums.update(call.world, _own(call), call.body_as(AlbumUpdate).patch())
    return album_shape(call.world, call.addresses, changed, call.user)


def delete(call: Call) -> None:
    """Delete an album; its videos stay."""
    albums.delete(call.world, _own(call))


def add(call: Call) -> AlbumShape:
    """Put a video into an album, one's own or another that one may see."""
    album, wish = _own(call), call.body_as(AlbumVideo)
    video = videos.find_for(call.world, wish.video_id, call.user)
    albums.add(call.world, album, video, wish.position)
    return album_shape(call.world, call.addresses, album, call.user)


def remove(call: Call) -> None:
    """Take a video out of an album."""
    albums.remove(call.world, _own(call), call.path["video_id"])


def _own(call: Call) -> Album:
    return albums.find_own(call.world, call.path["album_id"], call.user)


OPERATIONS = [
    Operation(
        method="GET",
        path="/videos/albums",
        auth="optional",
        answer=page,
        query=Page,
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/videos/albums",
        auth="user",
        answer=create,
        body=AlbumCreate,
        status=201,
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/videos/albums/{album_id}",
        auth="optional",
        answer=read,
        refuses=("not_found",),
        provenance="documented",
    ),
    Operation(
        method="PUT",
        path="/videos/albums/{album_id}",
        auth="user",
        answer=update,
        body=AlbumUpdate,
        refuses=("forbidden", "not_found"),
        provenance="documented",
    ),
    Operation(
        method="DELETE",
        path="/videos/albums/{album_id}",
        auth="user",
        answer=delete,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/videos/albums/{album_id}/videos",
        auth="user",
        answer=add,
        body=AlbumVideo,
        status=201,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="documented",
    ),
    Operation(
        method="DELETE",
        path="/videos/albums/{album_id}/videos/{video_id}",
        auth="user",
        answer=remove,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="documented",
    ),
]
