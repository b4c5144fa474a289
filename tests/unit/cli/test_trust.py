"""`trust`: the commands that it would run on each system. Nothing is installed here."""

import hashlib
import os
import shutil
import ssl
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.cli.lib.stores import stores_of
from emulator.machine.certificates import server_context


def only_has(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A machine with only this program, in a folder that is only in root's PATH."""

    def which(name: str, path: str) -> str | None:
        is_found = name == program and "/usr/sbin" in path.split(os.pathsep)
        return f"/usr/sbin/{name}" if is_found else None

    monkeypatch.setattr(shutil, "which", which)
    monkeypatch.setenv("PATH", "/usr/bin")


def test_trust_command_on_macos_uses_the_login_keychain(tmp_path: Path) -> None:
    [store] = stores_of("darwin", tmp_path / "ca.pem", Path("/Users/ada"))

    [command] = store.install
    assert command[:4] == ("security", "add-trusted-cert", "-r", "trustRoot")
    assert command[-1] == str(tmp_path / "ca.pem")
    assert "/Users/ada/Library/Keychains/login.keychain-db" in command
    assert not store.needs_root
    # A removed CA does not stay in the keychain.
    assert [command[1] for command in store.remove] == ["remove-trusted-cert", "delete-certificate"]


def test_trust_command_on_windows_uses_the_users_own_store(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    server_context(tmp_path, [])

    [store] = stores_of("win32", file, tmp_path)

    assert store.install == [("certutil", "-user", "-addstore", "Root", str(file))]
    # The keychain identifies a certificate by the SHA-1 of its bytes.
    [(*_, digest)] = store.remove
    shown = ssl.PEM_cert_to_DER_cert(file.read_text())
    assert digest == hashlib.sha1(shown, usedforsecurity=False).hexdigest().upper()
    assert not store.needs_root


def test_trust_command_on_linux_finds_the_stores_of_browsers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_has(monkeypatch, "certutil")
    for folder in (".pki/nssdb", ".mozilla/firefox/x1.default", ".mozilla/firefox/Crash Reports"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in (".pki/nssdb", ".mozilla/firefox/x1.default"):
        (tmp_path / folder / "cert9.db").touch()

    system, *browsers = stores_of("linux", tmp_path / "ca.pem", tmp_path)

    assert not system.install
    assert [command[2] for store in browsers for command in store.install] == [
        f"sql:{tmp_path}/.pki/nssdb",
        f"sql:{tmp_path}/.mozilla/firefox/x1.default",
    ]
    assert not any(store.needs_root for store in browsers)


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

    [store] = stores_of("linux", tmp_path / "ca.pem", tmp_path)

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

    monkeypatch.setenv("HOME", str(tmp_path))

    assert main(["trust", "--install", "--data", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "That needs root. Run: sudo install -m 644" in said
    assert "&& sudo update-ca-certificates" in said


@pytest.mark.parametrize("act", ["--install", "--remove"])
def test_trust_command_dry_run_prints_commands_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], act: str
) -> None:
    only_has(monkeypatch, "update-ca-certificates")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    data = tmp_path / "data"

    assert main(["trust", act, "--dry-run", "--data", str(data)]) == 0

    first, second = capsys.readouterr().out.splitlines()
    target = "/usr/local/share/ca-certificates/live-emulator.crt"
    copy = f"sudo install -m 644 {data / 'ca.pem'} {target}"
    assert first == (copy if act == "--install" else f"sudo rm -f {target}")
    assert second.startswith("sudo update-ca-certificates")
    assert not data.exists()


def test_trust_command_in_memory_ca_cannot_be_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--data", ":memory:"]) == 2
    assert "choose a folder as --data" in capsys.readouterr().err
