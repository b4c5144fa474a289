"""Memory: give freed memory back to the system (with glibc; nothing is done elsewhere).

glibc keeps free memory that lies between used blocks: 700 MiB after a thousand worlds were
dropped.
"""

import ctypes
import sys

# Less will soon be used again, and looking for it takes some milliseconds.
FREE_BYTES_MIN = 16 * 2**20


class _Figures(ctypes.Structure):
    """`struct mallinfo2` (mallinfo(3)): `fordblks` is what is free."""

    _NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES.split()]


class Heap:
    """The C library's heap of this process. `free_bytes` is 0 if that is not known."""

    def __init__(self) -> None:
        self._library = _glibc()
        self._left_bytes = 0

    @property
    def free_bytes(self) -> int:
        return self._library.mallinfo2().fordblks if self._library else 0

    def give_back(self) -> bool:
        """Give free pages back to the system, if many were freed since; returns whether it did."""
        self._left_bytes = min(self._left_bytes, self.free_bytes)
        if self._library is None or self.free_bytes < self._left_bytes + FREE_BYTES_MIN:
            return False
        self._library.malloc_trim(0)
        # The heap keeps them as free blocks, but without memory.
        self._left_bytes = self.free_bytes
        return True


def _glibc() -> ctypes.CDLL | None:
    """The C library, if it has both functions (glibc 2.33 and later); otherwise None."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallinfo2"):
            library.mallinfo2.restype = _Figures
            return library
    return None
