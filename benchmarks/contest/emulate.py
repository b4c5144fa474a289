"""emulate 0.8 to compare with: its GitHub service, the best emulator of an API today.

npm install --prefix benchmarks/peers emulate@0.8.0
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest.process import Missing, Process, await_port, free_ports, running

_MODULES = Path(__file__).parent.parent / "peers/node_modules"
_SEED = """{ users: [{ login: "octocat", name: "Octo", email: "octo@example.com" }],
  repos: [{ owner: "octocat", name: "hello-world", description: "x", language: "JavaScript" }] }"""
_SERVE = f"""
import {{ createEmulator }} from "emulate";
await createEmulator({{ service: "github", port: Number(process.argv[1]),
  seed: {{ github: {_SEED} }} }});
"""
_RESETS = f"""
import {{ createEmulator }} from "emulate";
const emulator = await createEmulator({{ service: "github", port: Number(process.argv[1]),
  seed: {{ github: {_SEED} }} }});
const times = [];
for (let round = 0; round < 500; round++) {{
  const began = performance.now();
  emulator.reset();
  times.push(performance.now() - began);
}}
console.log(JSON.stringify(times));
await emulator.close();
"""


@dataclass(frozen=True)
class Emulate:
    """A running emulate. `user` is an address that a signed-in client asks for a user."""

    process: Process
    version: str
    user: str
    repositories: str


def version() -> str:
    """Raises `Missing` where it is not installed."""
    package = _MODULES / "emulate/package.json"
    if shutil.which("node") is None or not package.exists():
        raise Missing("emulate is missing: npm install --prefix benchmarks/peers emulate@0.8.0")
    text: str = json.loads(package.read_text("utf-8"))["version"]
    return text


@contextmanager
def serving(folder: Path) -> Iterator[Emulate]:
    """A new one with its log in `folder`."""
    text = version()
    (port,) = free_ports(1)
    log = folder / "emulate.log"
    with running(_node(_SERVE, str(port)), log) as process:
        await_port(process, port, log)
        base = f"http://127.0.0.1:{port}"
        yield Emulate(process, text, f"{base}/users/octocat", f"{base}/users/octocat/repos")


def reset_ms() -> list[float]:
    """The times of 500 resets inside its process."""
    version()
    (port,) = free_ports(1)
    process = subprocess.run(_node(_RESETS, str(port)), capture_output=True, text=True, check=True)
    times: list[float] = json.loads(process.stdout.strip().splitlines()[-1])
    return times


def _node(script: str, *arguments: str) -> list[str]:
    # Node looks for a text module's packages in the current folder.
    run = f'cd {_MODULES.parent} && exec node --input-type=module -e "$0" "$@"'
    return ["/bin/sh", "-c", run, script, *arguments]
