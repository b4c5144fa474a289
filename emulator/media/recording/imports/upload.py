"""Upload: an uploaded file as it is kept until it is playable, and what files are called."""

import shutil
from pathlib import Path
from typing import BinaryIO

UPLOAD_NAME = "upload"
WEBM_NAME = "default.webm"
_COPY_BYTES = 2**20


def receive(file: BinaryIO, folder: Path) -> Path:
    """Keep an uploaded file in a recording's folder. Raises `OSError` where that cannot be."""
    folder.mkdir(parents=True)
    path = folder / UPLOAD_NAME
    file.seek(0)
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept, _COPY_BYTES)
    return path
