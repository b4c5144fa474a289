"""`doctor`: its findings, and its advice."""

import json
import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.cli.doctor import Finding, examine, of_clock, of_disk, of_python
from emulator.machine.certificates import server_context
from emulator.machine.folder import DataFolder
from emulator.settings import Settings
from emulator.world.store import database
from tests.support.tables import table


def settings_in(folder: Path, **values: object) -> Settings:
    ports = {"port": 0, "rtmp_port": 0, "rtmps_port": 0}
    return Settings(data=str(folder), **{**ports, **values})


def finding(settings: Settings, name: str) -> Finding:
    return next(item for item in examine(settings) if item.name == name)


def test_doctor_healthy_machine_has_no_findings(tmp_path: Path) -> None:
    findings = list(examine(settings_in(tmp_path)))

    assert [item.name for item in findings] == [
        "Python",
        "PyAV",
        "port 0",
        "port 0",
        "port 0",
        "TLS",
        "data",
        "disk",
        "clock",
        "open files",
    ]
    # The disk of the machine is not under test.
    assert {item.state for item in findings if item.name != "disk"} == {"ok"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("library", ["av", "cryptography"])
def test_doctor_library_that_does_not_load_is_a_failure_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    # In `sys.modules`, None means that a module cannot be imported.
    monkeypatch.setitem(sys.modules, library, None)

    result = finding(settings_in(tmp_path), "PyAV" if library == "av" else "TLS")

    assert result.state == "fail"
    assert "does not load" in result.message
    assert result.advice == f"Install it again: python -m pip install --force-reinstall {library}"


@table(
    ("result", "state", "message", "advice"),
    [
        (of_python((3, 13)), "ok", "at ", ""),
        (of_python((3, 14)), "warn", "at ", "use one of them"),
        (of_disk(100 * 2**30, 20 * 2**30, 80 * 2**30), "ok", "80.0 GiB free, 76 h of a", ""),
        (of_disk(100 * 2**30, 95 * 2**30, 5 * 2**30), "fail", "95% full", "--data"),
        (of_disk(20 * 2**30, 16 * 2**30, 4 * 2**30), "warn", "4.0 GiB free", "Free some space"),
        (of_clock(1_800_000_000_000, 1_700_000_000_000), "ok", "2027-01-15 08:00:00 UTC", ""),
        (of_clock(0, 1_700_000_000_000), "fail", "1970-01-01 00:00:00 UTC", "Set the clock"),
    ],
)
def test_doctor_machine_problems_come_with_a_remedy(
    result: Finding, state: str, message: str, advice: str
) -> None:
    assert (result.state, bool(result.advice)) == (state, bool(advice))
    assert message in result.message
    assert advice in result.advice


def test_doctor_occupied_port_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        result = finding(settings_in(tmp_path, rtmp_port=port), f"port {port}")

    assert result.state == "fail"
    assert f"(pid {os.getpid()})" in result.message
    assert "--rtmp-port 0" in result.advice


def test_doctor_port_of_the_running_emulator_is_fine(tmp_path: Path) -> None:
    folder = DataFolder.open(str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = finding(settings_in(tmp_path, port=port), f"port {port}")
    data = finding(settings_in(tmp_path), "data")
    folder.close()

    assert result == Finding(
        f"port {port}", "ok", f"used by the emulator that is running (pid {os.getpid()})"
    )
    assert "an emulator is running on it" in data.message


def test_doctor_database_of_a_newer_program_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")

    schema = Path(database.__file__).with_name("schema")
    result = finding(settings_in(tmp_path), "data")

    assert (result.state, result.message) == (
        "fail",
        f"{path} was written by a newer live-emulator (its schema is 999, this program knows"
        f" {len(list(schema.glob('*.sql')))}). Upgrade, or choose another folder with --data.",
    )
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_doctor_damaged_database_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "world.sqlite3").write_bytes(b"garbage" * 1000)

    result = finding(settings_in(tmp_path), "data")

    assert result.state == "warn"
    assert "cannot be read as a database" in result.message
    assert "moves it aside" in result.advice


def test_doctor_untrusted_ca_is_a_warning(tmp_path: Path) -> None:
    server_context(tmp_path, ["127.0.0.1"])

    result = finding(settings_in(tmp_path), "TLS")

    assert result.state == "warn"
    assert "live-emulator trust" in result.advice


def test_doctor_trusted_ca_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server_context(tmp_path, ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    assert finding(settings_in(tmp_path), "TLS").state == "ok"


def test_doctor_unreadable_certificate_is_a_failure(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, rtmps_cert=tmp_path / "a.pem", rtmps_key=tmp_path / "b.pem")

    assert finding(settings, "TLS").state == "fail"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_doctor_unwritable_folder_is_a_failure(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    assert finding(settings_in(tmp_path / "data"), "data").state == "fail"


def test_doctor_json_output_has_the_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--port", "0", "--rtmp-port", "0", "--rtmps-port", "0", "--data", str(tmp_path)]

    exit_code = main(["doctor", "--json", *flags])

    findings = json.loads(capsys.readouterr().out)
    assert exit_code == int(any(item["state"] == "fail" for item in findings))
    assert set(findings[0]) == {"name", "state", "message", "advice"}


def test_doctor_text_output_has_a_line_and_a_remedy_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        flags = ["--port", port, "--rtmp-port", "0", "--rtmps-port", "0", "--data", str(tmp_path)]

        assert main(["doctor", *flags]) == 1

    shown = capsys.readouterr().out
    assert f"fail  port {port}" in shown
    assert "-> Stop that program, or start with --port 0" in shown
