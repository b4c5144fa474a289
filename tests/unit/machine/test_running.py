"""Running emulators are found by the locks of their folders, never by files that outlive them."""

import json
import os
from pathlib import Path

import pytest

from emulator.machine.folder import DataFolder
from emulator.machine.places import default_folder
from emulator.machine.running import announced, running
from tests.support.systems import posix_folders

pytestmark = posix_folders


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return default_folder()


def held(path: Path, address: str) -> DataFolder:
    folder = DataFolder.open(str(path))
    folder.tell({"pid": os.getpid(), "http": address})
    return folder


def test_running_finds_announced_folders_anywhere_while_they_are_held(
    tmp_path: Path, cache: Path
) -> None:
    first, second = held(tmp_path / "a", "http://a"), held(tmp_path / "b", "http://b")
    with announced(first.path), announced(second.path):
        assert [ready["http"] for ready in running()] == ["http://a", "http://b"]

        first.close()
        assert [ready["http"] for ready in running()] == ["http://b"]
    second.close()

    assert running() == []
    assert not cache.exists()


def test_running_finds_the_default_folder_without_an_announcement(cache: Path) -> None:
    folder = held(cache, "http://default")
    assert [ready["http"] for ready in running()] == ["http://default"]

    folder.close()
    assert running() == []


def test_running_leaves_out_killed_emulators_and_removes_their_entries(
    tmp_path: Path, cache: Path
) -> None:
    # Given an entry whose folder names a process that holds no lock,
    folder = tmp_path / "killed"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "running.json").write_text(json.dumps({"pid": os.getpid(), "http": "http://gone"}))
    registry = cache / "running"
    registry.mkdir(parents=True)
    (registry / "1-stale").write_text(str(folder))
    (registry / "2-nowhere").write_text(str(tmp_path / "nowhere"))
    assert running() == []

    # when another emulator starts, then the entry is removed.
    other = held(tmp_path / "other", "http://other")
    with announced(other.path):
        assert len(list(registry.iterdir())) == 1
    other.close()


def test_running_leaves_out_an_emulator_that_does_not_listen_yet(tmp_path: Path) -> None:
    folder = DataFolder.open(str(tmp_path / "starting"))
    with announced(folder.path):
        assert running() == []
    folder.close()


def test_running_start_continues_where_no_entry_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with announced(tmp_path):
        assert running() == []
