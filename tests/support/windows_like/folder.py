# ruff: noqa: ARG002  The library calls each method with all arguments.
"""A folder with the rules of Windows, for all programs: a file system in user space (FUSE).

Names are found in any case, and keep the case in which they were created. An open file can be
neither removed nor replaced, and a folder that contains one cannot be renamed. Names that Windows
refuses are refused. `python -m tests.support.windows_like.folder BELOW MOUNT` serves until it is
unmounted; it prints each refusal.
"""

import errno
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import mfusepy

from tests.support.windows_like.windows_names import is_refused

_STAT = ("st_mode", "st_size", "st_nlink", "st_uid", "st_gid", "st_ino")
_TIMES = ("st_atime", "st_mtime", "st_ctime")  # Times are in nanoseconds, because of `use_ns`.


class _Folder(mfusepy.Operations):  # type: ignore[misc]  # The library has no types for it.
    use_ns = True

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: Counter[str] = Counter()
        self._names: dict[int, str] = {}

    # Names.

    def _real(self, path: str) -> Path:
        """The existing path in whatever case; a missing name keeps the case of the request."""
        real = self._root
        for part in Path(path).parts[1:]:
            exact = real / part
            if not exact.exists() and real.is_dir():
                same = (entry for entry in real.iterdir() if is_same(entry.name, part))
                exact = next(same, exact)
            real = exact
        return real

    def _new(self, path: str) -> Path:
        real = self._real(path)
        last = Path(path).name
        if is_refused(last):
            _refuse(errno.EINVAL, f"name {last}")
        return real

    def _free(self, path: str) -> Path:
        real = self._real(path)
        inside = str(real) + "/"
        names = [name for name, count in self._open.items() if count]
        if any(name == str(real) or name.startswith(inside) for name in names):
            _refuse(errno.EACCES, f"open {real.name}")
        return real

    # Reading names and attributes.

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.fstat(fh) if fh is not None else os.lstat(self._real(path))
        shown: dict[str, Any] = {name: getattr(status, name) for name in _STAT}
        return shown | {name: getattr(status, f"{name}_ns") for name in _TIMES}

    def readdir(self, path: str, fh: int) -> Iterable[str]:
        return [".", "..", *(entry.name for entry in self._real(path).iterdir())]

    def statfs(self, path: str) -> dict[str, int]:
        status = os.statvfs(self._real(path))
        names = ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")
        return {name: getattr(status, name) for name in names} | {"f_namemax": 255}

    # Files.

    def _opened(self, real: Path, flags: int, mode: int = 0o600) -> int:
        handle = os.open(real, flags, mode)
        self._names[handle] = str(real)
        self._open[str(real)] += 1
        return handle

    def open(self, path: str, flags: int) -> int:
        return self._opened(self._real(path), flags)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return self._opened(self._new(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._real(path) if fh is None else fh, length)
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        return 0

    def release(self, path: str, fh: int) -> int:
        self._open[self._names.pop(fh)] -= 1
        os.close(fh)
        return 0

    # Changes of folders.

    def chmod(self, path: str, mode: int) -> int:
        self._real(path).chmod(mode)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        if times is None:
            os.utime(self._real(path))
        else:
            os.utime(self._real(path), ns=times)
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self._new(path).mkdir(mode)
        return 0

    def rmdir(self, path: str) -> int:
        self._real(path).rmdir()
        return 0

    def unlink(self, path: str) -> int:
        self._free(path).unlink()
        return 0

    def rename(self, old: str, new: str) -> int:
        self._free(new)
        self._free(old).rename(self._new(new))
        return 0


def is_same(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()


def _refuse(number: int, reason: str) -> NoReturn:
    sys.stdout.write(f"refused {reason}\n")
    sys.stdout.flush()
    raise mfusepy.FuseOSError(number)


if __name__ == "__main__":
    mfusepy.FUSE(_Folder(Path(sys.argv[1])), sys.argv[2], foreground=True, nothreads=True)
