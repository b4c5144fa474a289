"""Files written whole or not at all: a reader never sees half of one."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(
    path: Path, content: bytes, mode: int = 0o644, *, survives_power_loss: bool = True
) -> None:
    """Put `content` at `path` by rename, with permissions `mode` from its first byte on.

    `survives_power_loss` waits for the disk (some ms); what can be made again need not.
    Raises `OSError` where that cannot be; then the old file is as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not through `open`: a key must not be readable by others even for an instant.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            if survives_power_loss:
                os.fsync(descriptor)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
