"""The data folder: one emulator each, ensured by a lock that ends with its process."""

import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.machine.folder import DataFolder, is_held, running_on
from tests.support.systems import IS_WINDOWS, file_modes

HOLD = """
import sys
from emulator.machine.folder import DataFolder
folder = DataFolder.open(sys.argv[1])
folder.tell({"pid": 1234, "http": "http://127.0.0.1:9"})
print(folder.path, flush=True)
sys.stdin.read()
"""


def hold(data: str) -> "subprocess.Popen[str]":
    """Another process that holds a folder until its standard input closes."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def held_path(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def let_go(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)


@file_modes
def test_data_folder_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder.open(str(tmp_path / "deep" / "down"))

    assert folder.media_path.is_dir()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.world_path == str(folder.path / "world.sqlite3")
    folder.close()
    assert folder.path.is_dir()


def test_data_folder_second_start_names_the_running_emulator(tmp_path: Path) -> None:
    # Given another process that runs on a folder,
    process = hold(str(tmp_path))
    held_path(process)
    assert is_held(tmp_path)

    # when we start on the same folder,
    with pytest.raises(Refused) as refusal:
        DataFolder.open(str(tmp_path))

    # then that is refused, and once the other has ended the folder is free.
    assert refusal.value.code == "conflict"
    assert "pid 1234 at http://127.0.0.1:9" in refusal.value.message
    let_go(process)
    assert not is_held(tmp_path)


def test_data_folder_killed_emulator_releases_its_lock(tmp_path: Path) -> None:
    process = hold(str(tmp_path))
    held_path(process)

    process.kill()
    let_go(process)

    folder = DataFolder.open(str(tmp_path))
    assert running_on(tmp_path) == {"pid": os.getpid()}
    folder.close()
    assert running_on(tmp_path) == {}


def test_data_folder_in_memory_leaves_nothing_behind() -> None:
    folder = DataFolder.open(":memory:")
    (folder.media_path / "segment").write_bytes(b"x")

    folder.close()
    folder.close()

    assert folder.world_path == ":memory:"
    assert not folder.path.exists()


def test_data_folder_in_memory_of_a_killed_emulator_is_cleaned_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given the folders of a killed emulator and of a running one, and a foreign folder,
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    killed, alive = hold(":memory:"), hold(":memory:")
    left, used = held_path(killed), held_path(alive)
    killed.kill()
    let_go(killed)
    other = tmp_path / "live-emulator-notes"
    other.mkdir()
    # A folder that its emulator is about to lock does not count as abandoned.
    (other / "lock").touch()

    # when the next one starts,
    folder = DataFolder.open(":memory:")

    # then only the killed one's folder is gone.
    assert not left.exists()
    assert used.exists()
    assert other.exists()
    folder.close()
    let_go(alive)


def test_data_folder_unusable_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(Refused) as refusal:
        DataFolder.open(str(tmp_path / "file" / "data"))

    assert refusal.value.code == "unavailable"
    assert IS_WINDOWS or "Not a directory" in refusal.value.message
    assert refusal.value.message.endswith("Choose another --data, or :memory: to keep nothing.")


@pytest.mark.parametrize("left", ["", "{", "[1]", "null"])
def test_data_folder_torn_word_of_the_running_one_is_ignored(tmp_path: Path, left: str) -> None:
    (tmp_path / "running.json").write_text(left)

    assert running_on(tmp_path) == {}
    DataFolder.open(str(tmp_path)).close()


@file_modes
def test_data_folder_database_and_keys_are_private_in_an_existing_folder(tmp_path: Path) -> None:
    # Given a folder with a database and keys that every user may read,
    tmp_path.chmod(0o755)
    private = ["world.sqlite3", "world.sqlite3-wal", "ca.key", "server.pem", "https.pem"]
    for name in [*private, "ca.pem"]:
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)

    # when an emulator uses it, then only its user may; clients can still read the CA.
    with closing(DataFolder.open(str(tmp_path))) as folder:
        folder.steering_key()
        for name in [*private, "steering.key"]:
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, name
        assert (tmp_path / "ca.pem").stat().st_mode & 0o777 == 0o644
        # This holds also for the database that replaces a damaged one.
        folder.keep_aside()
        assert Path(folder.world_path).stat().st_mode & 0o777 == 0o600
