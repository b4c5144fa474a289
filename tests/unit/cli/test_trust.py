"""`trust`: what it would do on each system. Nothing is installed here."""

import os
import shutil
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.cli.trust import store_of


def test_a_mac_is_asked_for_the_login_keychain(tmp_path: Path) -> None:
    store = store_of("darwin", tmp_path / "ca.pem")

    [command] = store.install
    assert command[:4] == ("security", "add-trusted-cert", "-r", "trustRoot")
    assert command[-1] == str(tmp_path / "ca.pem")
    assert not store.needs_root


@pytest.mark.parametrize(
    ("program", "target"),
    [
        ("update-ca-certificates", "/usr/local/share/ca-certificates/live-emulator.crt"),
        ("update-ca-trust", "/etc/pki/ca-trust/source/anchors/live-emulator.crt"),
    ],
)
def test_linux_gets_a_file_and_a_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, target: str
) -> None:
    found = {program: f"/usr/sbin/{program}"}
    monkeypatch.setattr(shutil, "which", found.get)

    store = store_of("linux", tmp_path / "ca.pem")

    copy, refresh = store.install
    assert copy == ("install", "-m", "644", str(tmp_path / "ca.pem"), target)
    assert refresh == (program,)
    assert store.remove[0] == ("rm", "-f", target)


def test_without_being_asked_it_only_says_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "--data", str(tmp_path)]) == 0

    shown = capsys.readouterr().out
    assert f"The CA of this emulator: {tmp_path / 'ca.pem'}" in shown
    assert (tmp_path / "ca.pem").exists()


def test_without_root_it_says_what_to_run_as_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"update-ca-certificates": "/usr/sbin/update-ca-certificates"}
    monkeypatch.setattr(shutil, "which", found.get)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main(["trust", "--install", "--data", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "That needs root. Run: sudo install -m 644" in said
    assert "&& sudo update-ca-certificates" in said


def test_a_ca_in_memory_cannot_be_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--data", ":memory:"]) == 2
    assert "choose a folder as --data" in capsys.readouterr().err
