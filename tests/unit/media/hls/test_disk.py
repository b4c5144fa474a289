"""Disk limit: the publishers that are refused, and the space that recordings use."""

import threading
from pathlib import Path

from emulator.media.hls.disk import Recording, Usage, file_sizes, usage
from tests.support.tables import table

RECORDINGS = tuple(Recording(name * 32, 100) for name in "abc")


def usage_of(limit_bytes: int = 0, disk_used_bytes: int = 0) -> Usage:
    return Usage(RECORDINGS, limit_bytes, disk_used_bytes, 1000)


@table(
    ("limit_bytes", "disk_used_bytes", "reason"),
    [
        (0, 949, None),
        (0, 950, "disk_full"),
        (316, 0, None),
        (315, 0, "disk_limit"),
        (315, 950, "disk_limit"),
    ],
)
def test_disk_refuses_new_publishers_at_95_percent(
    limit_bytes: int, disk_used_bytes: int, reason: str | None
) -> None:
    refusal = usage_of(limit_bytes, disk_used_bytes).room_for_publisher()
    assert (refusal.details["reason"] if refusal else None) == reason


def test_disk_usage_counts_the_folder_contents(tmp_path: Path) -> None:
    root = tmp_path / "media"
    assert usage(root).used_bytes == 0
    (root / "x").mkdir()
    (root / "x" / "seg-0.m4s").write_bytes(b"x" * 123)
    (root / "stray file").write_bytes(b"x")
    disk_usage = usage(root, 1000)
    assert disk_usage.recordings == (Recording("x", 123),)
    assert 0 < disk_usage.disk_used_bytes < disk_usage.disk_total_bytes


def test_disk_sizes_leave_out_files_that_go_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "index.jsonl").write_bytes(b"x" * 7)
    is_over = threading.Event()

    def rewrite() -> None:
        while not is_over.is_set():
            for number in range(20):
                (tmp_path / f"new-{number}").write_bytes(b"x")
            for number in range(20):
                (tmp_path / f"new-{number}").unlink()

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(500):
            assert file_sizes(tmp_path)["index.jsonl"] == 7
    finally:
        is_over.set()
        writer.join()
