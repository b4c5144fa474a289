"""Upload: stores an uploaded file until it is playable, and names its formats."""

import shutil
from pathlib import Path
from typing import BinaryIO

UPLOAD_NAME = "upload"
# The formats other than MP4 to which a video may be processed: extension and media type.
CONTAINERS = {"webm": "video/webm", "mov": "video/quicktime", "avi": "video/x-msvideo"}
_COPY_BYTES = 2**20


def receive(file: BinaryIO, folder: Path) -> Path:
    """Store an uploaded file in a recording's folder. Raises `OSError` where that is impossible."""
    folder.mkdir(parents=True)
    path = folder / UPLOAD_NAME
    file.seek(0)
    with path.open("wb") as buffered_writer:
        shutil.copyfileobj(file, buffered_writer, _COPY_BYTES)
    return path
