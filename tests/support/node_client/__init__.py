"""The Node package as its users have it: installed in a project together with real test runners.

`python -m tests.support.node_client` writes the generated files.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from emulator.version import __version__
from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.table import OPERATIONS as PLATFORM
from emulator.web.http.operation import Operation
from emulator.web.openapi.document import Document
from tests.support.commands import finished
from tests.support.docs import PROJECT
from tests.support.required_programs import lacking, need

PACKAGE = PROJECT / "clients/js"
SUITE = Path(__file__).parent / "suite"
GENERATED = ("types", "cjs")
# The line in the generated files that has the hash of their source.
STAMP = PACKAGE / "generated.sha256"
PATIENCE_SECONDS = 240


def generate(folder: Path) -> None:
    """Write the generated files into `folder`, which must be empty."""
    shutil.copytree(PACKAGE / "src", folder / "src")
    for name in ("tsconfig.json", "package.json"):
        shutil.copy(PACKAGE / name, folder)
    (folder / "node_modules").symlink_to(_modules())
    for name, operations in (("admin", ADMIN), ("platform", PLATFORM)):
        (folder / f"{name}.json").write_text(json.dumps(_document(operations)), "utf-8")
    command = [need("node"), str(PACKAGE / "generate.js"), str(folder)]
    done = finished(command)
    assert done.returncode == 0, done.stdout + done.stderr


def source_hash() -> str:
    """The hash of the generators' input: when it has changed, `make client` has to be run again.

    Sentences in the documents do not count, so that one can be changed without Node.
    """
    names = ("generate.js", "package.json", "tsconfig.json")
    files = [*sorted((PACKAGE / "src").iterdir()), *(PACKAGE / name for name in names)]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for operations in (ADMIN, PLATFORM):
        schemas = _without_sentences(_document(operations)["components"]["schemas"])
        digest.update(json.dumps(schemas, sort_keys=True).encode())
    return digest.hexdigest()


def _without_sentences(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_sentences(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_sentences(value)
        for name, value in schema.items()
        if name not in ("description", "title") or not isinstance(value, str)
    }


def _document(operations: list[Operation]) -> dict[str, Any]:
    document = Document(operations, title="live-emulator", prefix="")
    return document.value("http://127.0.0.1:8787")


def _modules() -> Path:
    """The installed runners; skips the test without them (`npm install` in `clients/js`)."""
    modules = PACKAGE / "node_modules"
    if not (modules / "typescript").is_dir():
        lacking("the runners of Node are not installed: npm install in clients/js")
    return modules


class Project:
    """A folder in which the package and the runners are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._node = need("node")
        modules = _modules()
        programs = folder / "bin"
        programs.mkdir()
        own = f'#!/bin/sh\nexec "{sys.executable}" -m emulator "$@"\n'
        (programs / "live-emulator").write_text(own)
        (programs / "live-emulator").chmod(0o755)
        (folder / "package.json").write_text('{"private": true}\n')
        self._install()
        for path in modules.iterdir():
            if path.name != ".package-lock.json":
                (folder / "node_modules" / path.name).symlink_to(path)

    def _install(self) -> None:
        npm = need("npm")
        options = ["--omit=peer", "--no-audit", "--no-fund", "--offline"]
        packed = f"./live-emulator-{__version__}.tgz"
        for words in (["pack", str(PACKAGE)], ["install", "--save-dev", *options, packed]):
            done = finished([npm, *words], cwd=self.folder)
            assert done.returncode == 0, done.stdout + done.stderr
        shutil.rmtree(self.folder / "node_modules/.bin", ignore_errors=True)

    def environment(self, **more: str) -> dict[str, str]:
        """Environment variables that name no emulator, so that the package has to start one."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LIVE_EMULATOR_", "NODE_"))
        }
        path = os.pathsep.join((str(self.folder / "bin"), os.environ["PATH"]))
        return inherited | {
            "PATH": path,
            "CI": "1",
            "NO_COLOR": "1",
            "TEST_PYTHON": sys.executable,
            **more,
        }

    def start(self, folder: Path, *command: str, **more: str) -> "subprocess.Popen[str]":
        """Start one of the installed programs, or a script with `node`."""
        program = self.folder / "node_modules/.bin" / command[0]
        words = [self._node, str(program.resolve()) if program.exists() else command[0]]
        return subprocess.Popen(
            [*words, *command[1:]],
            cwd=folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, folder: Path, *command: str, **more: str) -> str:
        """Run a program, and return its output. A failure fails the test with the output."""
        process = self.start(folder, *command, **more)
        try:
            output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
        assert process.returncode == 0, output
        return output
