"""`trust`: what it would do on each system. Nothing is installed here."""

import os
import shutil
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.cli.trust import store_of


def only_has(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A machine with this program alone, where only root's PATH has it."""

    def which(name: str, path: str) -> str | None:
        is_found = name == program and "/usr/sbin" in path.split(os.pathsep)
        return f"/usr/sbin/{name}" if is_found else None

    monkeypatch.setattr(shutil, "which", which)
    monkeypatch.setenv("PATH", "/usr/bin")


def test_trust_command_on_macos_uses_the_login_keychain(tmp_path: Path) -> None:
    store = store_of("darwin", tmp_path / "ca.pem")

    [command] = store.install
    assert command[:4] == ("security", "add-trusted-cert", "-r", "trustRoot")
    assert command[-1] == str(tmp_path / "ca.pem")
    assert not store.needs_root


@pytest.mark.parametrize(
    ("program", "target", "flags"),
    [
        (
            "update-ca-certificates",
            "/usr/local/share/ca-certificates/live-emulator.crt",
            ("--fresh",),
        ),
        ("update-ca-trust", "/etc/pki/ca-trust/source/anchors/live-emulator.crt", ()),
    ],
)
def test_trust_command_on_linux_writes_a_file_and_refreshes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    target: str,
    flags: tuple[str, ...],
) -> None:
    only_has(monkeypatch, program)

    store = store_of("linux", tmp_path / "ca.pem")

    copy, refresh = store.install
    assert copy == ("install", "-m", "644", str(tmp_path / "ca.pem"), target)
    assert refresh == (program,)
    assert list(store.remove) == [("rm", "-f", target), (program, *flags)]


def test_trust_command_without_confirmation_only_prints_the_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "--data", str(tmp_path)]) == 0

    shown = capsys.readouterr().out
    assert f"The CA of this emulator: {tmp_path / 'ca.pem'}" in shown
    assert (tmp_path / "ca.pem").exists()


def test_trust_command_without_root_prints_the_root_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_has(monkeypatch, "update-ca-certificates")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main(["trust", "--install", "--data", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "That needs root. Run: sudo install -m 644" in said
    assert "&& sudo update-ca-certificates" in said


def test_trust_command_in_memory_ca_cannot_be_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--data", ":memory:"]) == 2
    assert "choose a folder as --data" in capsys.readouterr().err
