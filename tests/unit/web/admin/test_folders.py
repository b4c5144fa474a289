"""Folders: the files that a request may name, and the answers about others."""

import os
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.web.admin.folders import Folders


def refusal(folders: Folders, name: object, key: str = "") -> str:
    with pytest.raises(Refused) as refused:
        folders.check(str(name), key)
    return refused.value.message


def test_folders_path_outside_reveals_nothing(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "way-out").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "secret.yaml").write_text("password: x")
    folders = Folders([allowed])
    here = ("secret.yaml", "nothing", "allowed/../secret.yaml", "allowed/way-out/secret.yaml")
    names = [*(f"{tmp_path}/{name}" for name in here), "/", "allowed", "", "/a\0b", "/no/\ud800"]

    sentences = {refusal(folders, name) for name in names}

    assert len(sentences) == 1
    assert folders.check(str(allowed / "a" / "b")) == allowed / "a" / "b"


def test_folders_key_opens_all_and_a_wrong_one_nothing(tmp_path: Path) -> None:
    assert Folders(key="k3y").check(str(tmp_path), "k3y") == tmp_path
    for folders, key in ((Folders(key="k3y"), "other"), (Folders(key="k3y"), ""), (Folders(), "")):
        refusal(folders, tmp_path, key)


def test_folders_reads_regular_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("hello")
    folders = Folders([tmp_path])
    assert folders.read(str(tmp_path / "text"), 5) == b"hello"
    # A pipe without a writer is refused at once.
    for name in ("pipe", "", "none", "text/below"):
        with pytest.raises(Refused):
            folders.read(str(tmp_path / name), 5)
    with pytest.raises(Refused, match="larger"):
        folders.read(str(tmp_path / "text"), 4)
