"""Freed memory is returned to the system."""

from pathlib import Path

import pytest

from emulator.machine.memory import FREE_BYTES_MIN, Heap

PAGE_BYTES = 4096


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def test_memory_freed_between_used_blocks_is_returned_to_the_system() -> None:
    heap = Heap()
    heap.give_back()
    if not heap.free_bytes:
        pytest.skip("this C library does not say what is free")
    # Given many blocks, of which every eighth stays between free ones (some may use memory that was
    # free before: the heap is trimmed once more),
    blocks = [bytes(range(256)) * 16 for _ in range(8 * FREE_BYTES_MIN // PAGE_BYTES)]
    heap.give_back()
    before_bytes, free_bytes = resident_bytes(), heap.free_bytes

    # when the others are freed, then their pages are returned, once.
    blocks = blocks[::8]
    assert heap.free_bytes - free_bytes > 6 * FREE_BYTES_MIN
    assert heap.give_back()
    assert before_bytes - resident_bytes() > 3 * FREE_BYTES_MIN
    assert not heap.give_back()
    assert blocks[0] == blocks[-1]
