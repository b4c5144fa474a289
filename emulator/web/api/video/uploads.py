"""Uploads: from a form's file to a video."""

from collections.abc import Mapping
from typing import Any

from emulator.core.errors import Refused
from emulator.media.recording.uploads.queue import UploadQueue
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.video import jobs
from emulator.world.video.media import VideoFootage
from emulator.world.video.videos import Video

_NAME_LENGTH_MAX = 255
_TITLE_LENGTH_MAX = 200


async def upload(call: Call, caller: User, file: UploadedFile, patch: Mapping[str, Any]) -> Video:
    """Store the file, examine it, and queue the job that makes it playable.

    A video without a title gets the name of its file. Refuses (`Invalid`) a file that is not a
    video, (`unavailable`) a full disk or queue.
    """
    upload_queue = call.platform.service(UploadQueue)
    name = file.name.replace("\\", "/").rpartition("/")[2][:_NAME_LENGTH_MAX]
    try:
        uid, probed = await upload_queue.receive(file.file, name)
    except Refused as refused:
        if refused.code != "unsupported":
            raise
        raise Invalid(
            [error_detail(("body", "file"), "video_invalid", refused.message)]
        ) from refused
    # A name without an ending is a title, too; so is one that was cut before its ending.
    stem = name.rpartition(".")[0] or name
    title = patch.get("title") or stem[:_TITLE_LENGTH_MAX] or "Untitled"
    footage = VideoFootage(
        uid=uid,
        form=probed.form,
        width=probed.width,
        height=probed.height,
        duration_ms=round(probed.seconds * 1000),
        file_bytes=file.size,
        name=name,
    )
    try:
        # Read again: the account may have been deleted while the file was examined.
        owner = accounts.find(call.world, caller.id)
        return jobs.upload(call.world, owner, {**patch, "title": title}, footage)
    except Refused:
        await upload_queue.discard(uid)
        raise
