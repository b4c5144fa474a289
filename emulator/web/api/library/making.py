"""`/vod/{vod_id}/thumbnails` and `/transcoding`: pictures and other sizes of a VOD."""

from typing import BinaryIO

from pydantic import Field

from emulator.core.errors import Refused
from emulator.media.codecs.images import ImageInfo, look_in_turn
from emulator.platform.platform import Platform
from emulator.shapes.library.making import (
    Thumbnails,
    ThumbnailShape,
    Transcoding,
    thumbnail_shape,
    thumbnails_shape,
    transcoding_shape,
)
from emulator.web.api.library.places import Seconds, placed
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.operation import Upload
from emulator.world.library import picture_sizes, posts, renditions, thumbnails
from emulator.world.library.recordings import Vod
from emulator.world.library.thumbnails import Thumbnail
from emulator.world.people.accounts import User

FILE_BYTES_MAX = 5 * 2**20
# The size of a form in addition to its file: boundaries, headers, unused fields.
_FORM_BYTES = 64 * 1024
NAMES_MAX = 20


class ThumbnailCreate(Request):
    """Without a file, the position of the picture is required."""

    time_seconds: Seconds | None = None


class TranscodingRequest(Request):
    """Names such as `480p`. Existing renditions are not made again."""

    renditions: list[str] = Field(min_length=1, max_length=NAMES_MAX)


@endpoint("GET", "/vod/{vod_id}/thumbnails", provenance="documented")
def list_vod_thumbnails(call: Call, caller: User, vod_id: str) -> Thumbnails:
    """List a VOD's pictures: some at even distances, and the added ones."""
    vod = posts.find_for(call.world, vod_id, caller)
    return thumbnails_shape(call.world, call.addresses, vod)


@endpoint(
    "POST",
    "/vod/{vod_id}/thumbnails",
    provenance="documented",
    status=201,
    refuses=("forbidden", "conflict"),
    upload=Upload(bytes_max=lambda _: FILE_BYTES_MAX + _FORM_BYTES),
)
async def add_vod_thumbnail(
    call: Call, caller: User, vod_id: str, body: ThumbnailCreate, file: UploadedFile | None
) -> ThumbnailShape:
    """Add a thumbnail to a VOD: a frame of it, or an uploaded picture.

    A file is a PNG, JPEG, GIF or WebP of at most 5 MB. The thumbnail added last is shown for the
    VOD.
    """
    vod = _ready(call, caller, vod_id)
    if file is None:
        added = _instant(call, body, vod)
    else:
        picture = await _picture(call.platform, file.file, file.size)
        # The VOD may have been deleted while the picture was examined.
        vod = _ready(call, caller, vod_id)
        size = (picture.width, picture.height)
        added = thumbnails.add_file(call.world, vod, picture.content, picture.media_type, size)
    return thumbnail_shape(call.addresses, vod, added)


@endpoint("GET", "/vod/{vod_id}/transcoding", provenance="documented")
def get_vod_transcoding(call: Call, caller: User, vod_id: str) -> Transcoding:
    """Read the sizes of a VOD, and the progress of the requested ones."""
    vod = posts.find_for(call.world, vod_id, caller)
    return transcoding_shape(call.world, vod)


@endpoint(
    "POST",
    "/vod/{vod_id}/transcoding",
    provenance="documented",
    status=202,
    refuses=("forbidden", "conflict", "unavailable", "invalid"),
)
def transcode_vod(call: Call, caller: User, vod_id: str, body: TranscodingRequest) -> Transcoding:
    """Transcode a VOD to smaller sizes. Each has an address of its own, once it is ready."""
    vod = posts.find_own(call.world, vod_id, caller)
    call.platform.media_store.check_room()
    with placed():
        renditions.request(call.world, vod, body.renditions)
    return transcoding_shape(call.world, vod)


def _ready(call: Call, caller: User, vod_id: str) -> Vod:
    vod = posts.find_own(call.world, vod_id, caller)
    if vod.status != "ready":
        raise Refused("conflict", f"VOD is {vod.status}. Only a ready one has pictures.")
    return vod


def _instant(call: Call, body: ThumbnailCreate, vod: Vod) -> Thumbnail:
    seconds = body.time_seconds
    if seconds is None:
        raise Invalid([error_detail(("body", "time_seconds"), "missing", "Field required")])
    if not vod.best or not vod.best.height:
        raise Refused("conflict", "This VOD has only sound, and no picture.")
    with placed():
        return thumbnails.add_instant(
            call.world, vod, round(seconds * 1000), picture_sizes.of_vod(vod)
        )


async def _picture(platform: Platform, file: BinaryIO, size: int) -> ImageInfo:
    if size > FILE_BYTES_MAX:
        raise Refused("too_large", f"The picture is larger than {FILE_BYTES_MAX} bytes")
    try:
        return await look_in_turn(platform.shared.picture_turns, file)
    except Refused as refused:
        payload = error_detail(("body", "file"), "not_an_image", refused.message)
        raise Invalid([payload]) from refused
