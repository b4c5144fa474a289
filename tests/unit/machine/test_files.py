"""Files written atomically: complete, with the right permissions, or unchanged."""

from pathlib import Path

import pytest

from emulator.machine.files import write_whole
from tests.support.systems import file_modes


def test_files_are_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    write_whole(path, b"one")
    write_whole(path, b"two")

    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@file_modes
def test_files_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"

    write_whole(path, b"secret", mode=0o600)

    assert path.stat().st_mode & 0o777 == 0o600


def test_files_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises((IsADirectoryError, PermissionError)):
        write_whole(tmp_path / "taken", b"x")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
