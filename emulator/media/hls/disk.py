"""Disk: how full it is, and whether there is room for one more publisher.

No stream is ended and no media deleted when room runs out: new publishers, uploads and clips are
refused until somebody deletes recordings or raises the limit (docs/decisions/0043).
"""

import contextlib
import os
import shutil
from pathlib import Path

from msgspec import Struct

from emulator.core.errors import DISK_RETRY_SECONDS, Refused, disk_full

FULL_SHARE = 0.95


class Recording(Struct, frozen=True):
    """A folder of media, and the bytes that it uses."""

    uid: str
    used_bytes: int


class Usage(Struct, frozen=True):
    """The use of the disk by all media, and its file system. `limit_bytes` 0: no limit is set."""

    recordings: tuple[Recording, ...]
    limit_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int

    @property
    def used_bytes(self) -> int:
        return sum(recording.used_bytes for recording in self.recordings)

    @property
    def free_bytes(self) -> int:
        """The bytes that media may still take, by the limit and by the file system."""
        by_disk = max(0, self.disk_total_bytes - self.disk_used_bytes)
        by_limit = max(0, self.limit_bytes - self.used_bytes)
        return min(by_disk, by_limit) if self.limit_bytes else by_disk

    def room_for_publisher(self) -> Refused | None:
        """The refusal if 95 % of the limit or of the file system is in use; None while there is
        room.
        """
        if self.limit_bytes and self.used_bytes >= FULL_SHARE * self.limit_bytes:
            message = (
                f"Recordings use {self.used_bytes / self.limit_bytes:.0%} of the disk limit. "
                "Delete some, or raise --disk-limit."
            )
            return Refused(
                "unavailable",
                message,
                reason="disk_limit",
                retry_after_seconds=DISK_RETRY_SECONDS,
            )
        if self.disk_total_bytes and self.disk_used_bytes >= FULL_SHARE * self.disk_total_bytes:
            return disk_full(self.disk_used_bytes / self.disk_total_bytes)
        return None


def usage(root: Path, limit_bytes: int = 0) -> Usage:
    """Measure the disk's use. Slow with many files: call it in a thread, every few seconds."""
    root.mkdir(parents=True, exist_ok=True)
    folders = [entry for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    candidates = (_recording(folder) for folder in folders)
    recordings = tuple(recording for recording in candidates if recording is not None)
    return usage_of(recordings, root, limit_bytes)


def usage_of(recordings: tuple[Recording, ...], root: Path, limit_bytes: int) -> Usage:
    """The disk's use by these recordings. Fast: one system call."""
    disk = shutil.disk_usage(root)
    # The reserve for root counts as used: the emulator cannot write there.
    return Usage(recordings, limit_bytes, disk.total - disk.free, disk.total)


def file_sizes(folder: str | Path) -> dict[str, int]:
    """Return the bytes of each file in a folder, by name, without files that are deleted meanwhile.

    Raises `FileNotFoundError` or `NotADirectoryError` where there is no such folder.
    """
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # It was renamed or deleted.
                sizes[entry.name] = entry.stat().st_size
    return sizes


def _recording(folder: os.DirEntry[str]) -> Recording | None:
    """The folder's size; None if it was deleted meanwhile."""
    try:
        return Recording(folder.name, sum(file_sizes(folder.path).values()))
    except (FileNotFoundError, NotADirectoryError):
        return None
