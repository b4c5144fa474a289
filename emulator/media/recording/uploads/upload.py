"""Upload: an uploaded file as it is kept until it is playable, and what files are called."""

import shutil
from pathlib import Path
from typing import BinaryIO

UPLOAD_NAME = "upload"
# What a video may be processed to beside MP4, by its file's ending, and its media type.
CONTAINERS = {"webm": "video/webm", "mov": "video/quicktime", "avi": "video/x-msvideo"}
_COPY_BYTES = 2**20


def receive(file: BinaryIO, folder: Path) -> Path:
    """Keep an uploaded file in a recording's folder. Raises `OSError` where that cannot be."""
    folder.mkdir(parents=True)
    path = folder / UPLOAD_NAME
    file.seek(0)
    with path.open("wb") as buffered_writer:
        shutil.copyfileobj(file, buffered_writer, _COPY_BYTES)
    return path
