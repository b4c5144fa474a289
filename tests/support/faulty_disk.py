# ruff: noqa: ARG002  The library calls each method with all arguments.
"""A disk that becomes read-only, fails or answers late while a program uses it.

It is a file system in user space (FUSE) over a folder. `python -m tests.support.faulty_disk BELOW
MOUNT STATE` serves until it is unmounted. Before each change it reads the file STATE: `well`,
`read-only`, `failing`, or `slow` and the seconds that a write and a sync take.
"""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mfusepy
import pytest

from tests.support.live_server import until
from tests.support.required_programs import need

_STAT = ("st_mode", "st_size", "st_nlink", "st_uid", "st_gid", "st_ino")
_TIMES = ("st_atime", "st_mtime", "st_ctime")  # Times are in nanoseconds, because of `use_ns`.
_ROOM = ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")
_FAILURES = {"read-only": errno.EROFS, "failing": errno.EIO}


class FaultyDisk:
    """A mounted disk; `path` is its mount point."""

    def __init__(self, folder: Path) -> None:
        self.path, self.below = folder / "disk", folder / "below"
        self.state_file = folder / "state"
        self.path.mkdir()
        self.below.mkdir()
        self.become("well")

    def become(self, state: str) -> None:
        """Change the state, beginning with the next write."""
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(state)
        fresh.replace(self.state_file)


@contextmanager
def faulty_disk(folder: Path) -> Iterator[FaultyDisk]:
    """Mount a disk. Skips the test where no file system can be mounted."""
    unmount = need("fusermount3")
    disk = FaultyDisk(folder)
    command = [sys.executable, "-m", "tests.support.faulty_disk"]
    command += [str(path) for path in (disk.below, disk.path, disk.state_file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        until(lambda: disk.path.is_mount() or serving.poll() is not None, "the disk is mounted")
        if serving.poll() is not None:
            pytest.skip("no file system may be mounted here")
        try:
            yield disk
        finally:
            disk.become("well")
            subprocess.run([unmount, "-u", "-z", str(disk.path)], check=True)


class _Disk(mfusepy.Operations):  # type: ignore[misc]  # The library has no types for it.
    use_ns = True

    def __init__(self, root: str, state: Path) -> None:
        self._root = root
        self._state = state

    def _real(self, path: str) -> str:
        return self._root + path

    def _change(self, *, is_write: bool = False) -> None:
        """Check the state before a change. Raises the error of a disk in this state."""
        state, *seconds = self._state.read_text().split()
        if state in _FAILURES:
            raise mfusepy.FuseOSError(_FAILURES[state])
        if seconds:
            time.sleep(float(seconds[0 if is_write else -1]))

    # Reading names and attributes.

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.fstat(fh) if fh is not None else os.lstat(self._real(path))
        shown: dict[str, Any] = {name: getattr(status, name) for name in _STAT}
        return shown | {name: getattr(status, f"{name}_ns") for name in _TIMES}

    def readdir(self, path: str, fh: int) -> Iterable[str]:
        return [".", "..", *os.listdir(self._real(path))]  # noqa: PTH208  The caller needs names.

    def statfs(self, path: str) -> dict[str, int]:
        status = os.statvfs(self._real(path))
        return {name: getattr(status, name) for name in _ROOM} | {"f_namemax": 255}

    # Files.

    def open(self, path: str, flags: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC):
            self._state_check()
        return os.open(self._real(path), flags)

    def _state_check(self) -> None:
        """Check the state at an open, which only a read-only or failing disk refuses."""
        state = self._state.read_text().split()[0]
        if state in _FAILURES:
            raise mfusepy.FuseOSError(_FAILURES[state])

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self._state_check()
        return os.open(self._real(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._change(is_write=True)
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self._state_check()
        os.truncate(self._real(path) if fh is None else fh, length)
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._change()
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    # Changing folders.

    def chmod(self, path: str, mode: int) -> int:
        self._state_check()
        os.chmod(self._real(path), mode)  # noqa: PTH101  FUSE gives paths as strings.
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        self._state_check()
        if times is None:
            os.utime(self._real(path))
        else:
            os.utime(self._real(path), ns=times)
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self._state_check()
        os.mkdir(self._real(path), mode)  # noqa: PTH102
        return 0

    def rmdir(self, path: str) -> int:
        self._state_check()
        os.rmdir(self._real(path))  # noqa: PTH106
        return 0

    def unlink(self, path: str) -> int:
        self._state_check()
        os.unlink(self._real(path))  # noqa: PTH108
        return 0

    def rename(self, old: str, new: str) -> int:
        self._state_check()
        os.rename(self._real(old), self._real(new))  # noqa: PTH104
        return 0


if __name__ == "__main__":
    mfusepy.FUSE(_Disk(sys.argv[1], Path(sys.argv[3])), sys.argv[2], foreground=True)
