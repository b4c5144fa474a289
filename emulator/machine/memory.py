"""Memory: what was freed is given back to the system (glibc; elsewhere nothing is done).

glibc keeps what lies free between blocks that are in use: of a thousand worlds that were dropped,
700 MiB.
"""

import ctypes
import sys

# Less is soon used again, and looking for it costs some milliseconds.
FREE_BYTES_MIN = 16 * 2**20


class _Figures(ctypes.Structure):
    """`struct mallinfo2` (mallinfo(3)): `fordblks` is what is free."""

    _NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES.split()]


class Heap:
    """What the C library has for this process. `free_bytes` is 0 where it cannot say."""

    def __init__(self) -> None:
        self._library = _glibc()
        self._left_bytes = 0

    @property
    def free_bytes(self) -> int:
        return self._library.mallinfo2().fordblks if self._library else 0

    def give_back(self) -> bool:
        """Return free pages to the system, if many were freed since; whether it did."""
        self._left_bytes = min(self._left_bytes, self.free_bytes)
        if self._library is None or self.free_bytes < self._left_bytes + FREE_BYTES_MIN:
            return False
        self._library.malloc_trim(0)
        # They stay free blocks, with no pages below them.
        self._left_bytes = self.free_bytes
        return True


def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is one that has these two functions (glibc 2.33)."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallinfo2"):
            library.mallinfo2.restype = _Figures
            return library
    return None
