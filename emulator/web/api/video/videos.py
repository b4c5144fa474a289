"""`/videos`: create, read, list, change and delete videos."""

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from emulator.shapes.pages import PageShape
from emulator.shapes.video import VideoShape, video_shape
from emulator.web.api.models import OptionalId, Page, Request
from emulator.web.api.video.uploads import upload
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.operation import Upload
from emulator.world.people.accounts import User
from emulator.world.video import lists, videos

Visibility = Literal["public", "unlisted", "followers", "private"]
TAGS_MAX, TAG_LENGTH_MAX = 20, 50


class VideoFields(Request):
    """VIDEO_CREATE. In a form, `tags` may also be one comma-separated text."""

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    tags: list[str] | None = Field(None, max_length=TAGS_MAX)
    visibility: Visibility | None = None
    cloudflare_video_id: OptionalId = Field(None, min_length=1, max_length=100)

    @field_validator("tags", mode="before")
    @classmethod
    def _commas_part_tags(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str) and info.mode == "python":  # Not for JSON bodies.
            return [tag for tag in map(str.strip, value.split(",")) if tag]
        return value

    @field_validator("tags")
    @classmethod
    def _tags_are_short(cls, tags: list[str] | None) -> list[str] | None:
        for tag in tags or ():
            if not 1 <= len(tag.strip()) <= TAG_LENGTH_MAX:
                raise ValueError(f"a tag has 1 to {TAG_LENGTH_MAX} characters")
        return tags

    def patch(self) -> dict[str, Any]:
        """Return the changes. A null for a required value has no effect."""
        values = self.model_dump(exclude_unset=True)
        for name in ("title", "visibility", "cloudflare_video_id"):
            if values.get(name, "") is None:
                del values[name]
        return values


class VideoCreate(VideoFields):
    """With a file `title` may be missing: then the video gets the file's name."""


class VideoUpdate(VideoFields):
    """Any part of VIDEO_CREATE."""


class VideoQuery(Page):
    user_id: OptionalId = None
    tag: str | None = Field(None, min_length=1, max_length=TAG_LENGTH_MAX)


class VideoPage(PageShape):
    items: list[VideoShape]


@endpoint(
    "POST",
    "/videos",
    provenance="documented",
    status=201,
    refuses=("not_found", "unavailable"),
    upload=Upload(bytes_max=lambda platform: platform.upload_bytes_max),
)
async def create_video(
    call: Call, caller: User, body: VideoCreate, file: UploadedFile | None
) -> VideoShape:
    """Create a video from an uploaded file, or from the media of a `cloudflare_video_id`.

    A file that browsers can play stays as it is; others are transcoded to H.264 and AAC. With
    neither file nor media the video is a draft: PUT it a `cloudflare_video_id`.
    """
    patch = body.patch()
    if file is not None:
        if "cloudflare_video_id" in patch:
            message = "Send a file or a cloudflare_video_id, not both"
            raise Invalid([error_detail(("body", "cloudflare_video_id"), "value_error", message)])
        return video_shape(call.world, call.addresses, await upload(call, caller, file, patch))
    if "title" not in patch:
        raise Invalid([error_detail(("body", "title"), "missing", "Field required")])
    return video_shape(call.world, call.addresses, videos.create(call.world, caller, patch))


@endpoint("GET", "/videos", provenance="documented", refuses=("not_found",))
def list_videos(call: Call, caller: User | None, query: VideoQuery) -> VideoPage:
    """List videos: public ready ones, and the caller's own in any state."""
    listed, total = lists.page(
        call.world,
        caller,
        user_id=query.user_id,
        tag=query.tag,
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "items": [video_shape(call.world, call.addresses, video) for video in listed],
        **query.counts(total),
    }


@endpoint("GET", "/videos/{video_id}", provenance="documented")
def get_video(call: Call, caller: User | None, video_id: str) -> VideoShape:
    """Read a video. Videos of others are visible once ready, if their visibility allows it."""
    video = videos.find_for(call.world, video_id, caller)
    return video_shape(call.world, call.addresses, video)


@endpoint("PUT", "/videos/{video_id}", provenance="documented", refuses=("forbidden", "conflict"))
def update_video(call: Call, caller: User, video_id: str, body: VideoUpdate) -> VideoShape:
    """Change a video's title, description, tags or visibility."""
    video = videos.find_own(call.world, video_id, caller)
    patch = body.patch()
    return video_shape(call.world, call.addresses, videos.update(call.world, video, patch))


@endpoint("DELETE", "/videos/{video_id}", provenance="documented", refuses=("forbidden",))
def delete_video(call: Call, caller: User, video_id: str) -> None:
    """Delete a video and its files."""
    videos.delete(call.world, videos.find_own(call.world, video_id, caller))
