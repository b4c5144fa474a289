"""Files: write a file completely or not at all, so that a reader never sees half of it."""

import os
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path

from emulator import busy_files


def write_whole(
    path: Path, content: bytes, mode: int = 0o644, *, survives_power_loss: bool = True
) -> None:
    """Write `content` to `path` by a rename, with permissions `mode` from its first byte on.

    `survives_power_loss` waits for the disk (some ms), which content that can be made again does
    not need. Raises `OSError` if it fails, and then the old file is unchanged. Windows has no mode:
    there, a file is as private as its folder.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Opened with its mode, not changed later: nobody else may read a key even for an instant.
        raw = FileIO(draft, "w", opener=lambda name, flags: os.open(name, flags, mode))
        with BufferedWriter(raw) as file:
            draft.chmod(mode)  # Adds what the umask removed.
            file.write(content)
            file.flush()
            if survives_power_loss:
                os.fsync(file.fileno())
        busy_files.replace(draft, path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
