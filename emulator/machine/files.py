"""Files written whole or not at all: a reader never sees half of one."""

import os
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path

from emulator import busy_files


def write_whole(
    path: Path, content: bytes, mode: int = 0o644, *, survives_power_loss: bool = True
) -> None:
    """Put `content` at `path` by rename, with permissions `mode` from its first byte on.

    `survives_power_loss` waits for the disk (some ms); what can be made again need not.
    Raises `OSError` where that cannot be; then the old file is as it was. Windows knows no mode:
    there a file is as private as its folder.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not opened and then narrowed: a key must not be readable by others even for an instant.
        raw = FileIO(draft, "w", opener=lambda name, flags: os.open(name, flags, mode))
        with BufferedWriter(raw) as file:
            draft.chmod(mode)  # What the umask took away.
            file.write(content)
            file.flush()
            if survives_power_loss:
                os.fsync(file.fileno())
        busy_files.replace(draft, path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
