"""Prism 5 to compare with: it mocks an OpenAPI document, ours, by its examples.

npm install --prefix benchmarks/peers @stoplight/prism-cli@5
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest.process import Missing, Process, await_port, free_ports, running
from emulator.web.openapi.routes import document

_PACKAGE = Path(__file__).parent.parent / "peers/node_modules/@stoplight/prism-cli"


@dataclass(frozen=True)
class Prism:
    """A running Prism; `base` is the address below which the document's paths are."""

    process: Process
    version: str
    base: str


@contextmanager
def serving(folder: Path) -> Iterator[Prism]:
    """A new one that mocks our own document. Raises `Missing` where it is not installed."""
    node = shutil.which("node")
    if node is None or not _PACKAGE.exists():
        raise Missing(
            "Prism is missing: npm install --prefix benchmarks/peers @stoplight/prism-cli@5"
        )
    version = json.loads((_PACKAGE / "package.json").read_text("utf-8"))["version"]
    path = folder / "openapi.json"
    path.write_text(json.dumps(document("documented") | {"servers": [{"url": "/"}]}), "utf-8")
    (port,) = free_ports(1)
    log = folder / "prism.log"
    command = [node, str(_PACKAGE / "dist/index.js"), "mock", str(path)]
    command += ["--port", str(port), "--errors=false", "--verboseLevel", "fatal"]
    with running(command, log) as process:
        await_port(process, port, log)
        yield Prism(process, version, f"http://127.0.0.1:{port}")
