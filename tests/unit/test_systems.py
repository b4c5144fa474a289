"""Differences of other operating systems: parsed, worded and decided here without them."""

import errno
import signal
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import platformdirs.macos
import platformdirs.unix
import pytest
import yaml

from emulator.cli.doctor import of_system
from emulator.cli.exec import exit_code
from emulator.cli.lib.firewall import firewall_question
from emulator.cli.lib.ports import by_lsof, listener_of, program_of
from emulator.cli.obs_profile import obs_folders
from emulator.core.errors import Refused
from emulator.machine.lock import _by_library, try_lock
from emulator.machine.places import default_folder
from emulator.scenario.files import text_of
from emulator.settings import Settings, gather
from emulator.web.admin.folders import Folders
from emulator.web.servers.listening import listen
from tests.support.docs import PROJECT
from tests.support.required_programs import need
from tests.support.tables import table

# `netstat -a -n -o -p TCP` of a German Windows: the word for the state is localised.
_NETSTAT = """
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN          1044
  TCP    127.0.0.1:8787         127.0.0.1:50122        HERGESTELLT      900
  TCP    127.0.0.1:8787         0.0.0.0:0              ABHÖREN          9412
  TCP    [::1]:1935             [::]:0                 ABHÖREN          77
"""


@table("port, pid", [(8787, 9412), (1935, 77), (35, 0), (50122, 0)])
def test_ports_windows_listener_is_found_in_any_language(port: int, pid: int) -> None:
    assert listener_of(_NETSTAT, port) == pid


@table(
    "output, name",
    [
        ('"python.exe","9412","Console","1","52.380 K"\r\n', "python.exe"),
        ("INFO: No tasks are running which match the specified criteria.\r\n", ""),
        ("", ""),
    ],
)
def test_ports_windows_program_is_named(output: str, name: str) -> None:
    assert program_of(output) == name


def test_ports_without_proc_are_asked_of_lsof() -> None:
    need("lsof")
    with socket.create_server(("127.0.0.1", 0)) as server:
        holder = by_lsof(server.getsockname()[1])
    assert holder.pid


def test_listening_port_is_for_one_server_alone() -> None:
    with ExitStack() as stack:
        first = listen("127.0.0.1", 0, with_quic=False)
        stack.callback(first.close)
        with pytest.raises(OSError) as refusal:  # noqa: PT011  The errno distinguishes it.
            stack.callback(listen("127.0.0.1", first.port, with_quic=False).close)
        assert refusal.value.errno == errno.EADDRINUSE


@table(
    "platform, variables, folders",
    [
        ("win32", {"APPDATA": "/roaming"}, ["/roaming/obs-studio"]),
        ("win32", {}, ["/home/ada/AppData/Roaming/obs-studio"]),
        ("darwin", {}, ["/home/ada/Library/Application Support/obs-studio"]),
        (
            "linux",
            {},
            [
                "/home/ada/.config/obs-studio",
                "/home/ada/.var/app/com.obsproject.Studio/config/obs-studio",
            ],
        ),
        (
            "linux",
            {"XDG_CONFIG_HOME": "/conf"},
            [
                "/conf/obs-studio",
                "/home/ada/.var/app/com.obsproject.Studio/config/obs-studio",
            ],
        ),
    ],
)
def test_obs_profile_folders_are_those_of_the_system(
    platform: str, variables: Mapping[str, str], folders: list[str]
) -> None:
    assert [str(folder) for folder in obs_folders(platform, Path("/home/ada"), variables)] == (
        folders
    )


@table(
    "platform, host, words",
    [
        ("win32", "0.0.0.0", ("at the first start", "private networks")),
        ("win32", "::", ("at the first start", "--host 127.0.0.1")),
        ("darwin", "0.0.0.0", ("at each start", "Allow it")),
        ("win32", "127.0.0.1", None),
        ("win32", "localhost", None),
        ("linux", "0.0.0.0", None),
    ],
)
def test_firewall_question_is_that_of_the_system(
    platform: str, host: str, words: tuple[str, str] | None
) -> None:
    question = firewall_question(platform, host)

    assert (question is None) == (words is None)
    if question is not None and words is not None:
        assert words[0] in question[0]
        assert words[1] in question[1]


@table(
    "version, data, names",
    [
        ((3, 11, 7), "C:\\data", ["UDP"]),
        ((3, 12, 2), "C:\\data", ["UDP"]),
        ((3, 11, 9), "C:\\data", []),
        ((3, 13, 0), "C:\\" + "d" * 180, ["path"]),
    ],
)
def test_doctor_on_windows_warns_of_problems_of_windows(
    version: tuple[int, int, int], data: str, names: list[str]
) -> None:
    results = of_system("win32", version, Settings(data=data))

    assert [result.name for result in results] == names
    assert all(result.advice for result in results)
    assert of_system("linux", version, Settings(data=data)) == []


@table("status, code", [(0, 0), (7, 7), (-signal.SIGTERM, 143), (0xC000013A, 130)])
def test_exec_command_exit_code_is_that_of_a_shell(status: int, code: int) -> None:
    assert exit_code(status) == code


def test_places_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_folder() == platformdirs.unix.Unix("live-emulator").user_cache_path
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_folder() == platformdirs.macos.MacOS("live-emulator").user_cache_path


@pytest.mark.parametrize("lock", [try_lock, _by_library], ids=["flock", "filelock"])
def test_lock_has_one_holder_at_a_time(tmp_path: Path, lock: object) -> None:
    assert callable(lock)
    release = lock(tmp_path / "lock")
    assert release is not None
    assert lock(tmp_path / "lock") is None
    # The other order finds it in use, too.
    assert try_lock(tmp_path / "lock") is None
    release()
    again = lock(tmp_path / "lock")
    assert again is not None
    again()


_SCENARIO = "scenario: Lines\ntimeline:\n  - wait: 1s\n"


@table("written", [_SCENARIO.replace("\n", "\r\n"), "\ufeff" + _SCENARIO, _SCENARIO])
def test_scenario_file_of_any_editor_is_the_same_text(tmp_path: Path, written: str) -> None:
    (tmp_path / "lines.yaml").write_bytes(written.encode())
    assert text_of(tmp_path / "lines.yaml") == _SCENARIO


@table("written", [b"rtmp_port: 7\r\nport: 8\r\n", b"\xef\xbb\xbfrtmp_port: 7\nport: 8\n"])
def test_settings_file_of_any_editor_is_read(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(written)
    settings = gather({"settings": str(path)}, {})
    assert (settings.rtmp_port, settings.port) == (7, 8)


def test_folders_refuse_a_relative_path_and_a_path_outside(tmp_path: Path) -> None:
    for name in ("film.mp4", "//server/share/film.mp4", r"\\server\share\film.mp4"):
        with pytest.raises(Refused):
            Folders([tmp_path]).check(name)


def test_workflow_of_the_systems_runs_existing_commands() -> None:
    text = (PROJECT / ".github/workflows/systems.yml").read_text("utf-8")
    job = yaml.safe_load(text)["jobs"]["readme"]

    assert {"ubuntu-latest", "macos-latest", "windows-latest"} == {*job["strategy"]["matrix"]["os"]}
    shown = [step["run"] for step in job["steps"] if "run" in step]
    for file in ("readme.py", "test_plugin.py"):
        assert (PROJECT / ".github/workflows" / file).is_file()
        assert any(file in run for run in shown)
