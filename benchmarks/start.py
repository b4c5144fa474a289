"""The time of a start: from the process's birth to the first HTTP answer, compared with uvicorn."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.table import Section, spread

_ROUNDS = 15
_MORE_MS_MAX = 150
_TIMEOUT_SECONDS = 30
_LATE_LIBRARIES = ("av", "aiortc", "PIL", "jwt", "hypercorn")


def measure() -> Section:
    """Ours and the peer alternately; ours on a kept folder (after a first start) and in memory."""
    peer = [sys.executable, str(Path(__file__).with_name("start_peer.py"))]
    serve = [sys.executable, "-m", "emulator", "serve", "--rtmp-port", "0", "--rtmps-port", "0"]
    with tempfile.TemporaryDirectory() as text, tempfile.TemporaryDirectory() as compiled:
        environment = as_installed(compiled)
        contestants: dict[str, Callable[[int], list[str]]] = {
            "bare Starlette on uvicorn": lambda port: [*peer, str(port)],
            "serve, kept folder": lambda port: [*serve, "--port", str(port), "--data", text],
            "serve, in memory": lambda port: [*serve, "--port", str(port), "--data", ":memory:"],
        }
        for name in ("bare Starlette on uvicorn", "serve, in memory"):
            time_to_answer(contestants[name](free_port()), environment)
        first_ms = time_to_answer(contestants["serve, kept folder"](free_port()), environment)
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(_ROUNDS):
            for name, command in contestants.items():
                times[name].append(time_to_answer(command(free_port()), environment))
    bare, on_disk_ms, memory_ms = (median(values) for values in times.values())
    loaded = loaded_late_libraries()
    return Section(
        title="Start",
        rows=[
            ("what", "to the first answer: median (least to most)", "more than bare"),
            *(
                (name, spread(values, "ms"), f"{median(values) - bare:.0f} ms")
                for name, values in times.items()
            ),
            ("serve, first start on a new folder (once)", f"{first_ms:.0f} ms", ""),
        ],
        bars=[
            (f"at most {_MORE_MS_MAX} ms more than bare", on_disk_ms - bare <= _MORE_MS_MAX),
            (f"in memory too: at most {_MORE_MS_MAX} ms", memory_ms - bare <= _MORE_MS_MAX),
            (f"by then none of {', '.join(_LATE_LIBRARIES)} is imported", not loaded),
        ],
        notes=[
            f"{_ROUNDS} alternating rounds. From the spawn of the process to HTTP 200 on a route "
            "that answers once everything listens. The first start also makes the CA and a "
            "database; in memory, the CA is made in a thread meanwhile. Bytecode exists for all, "
            "as after pip, and next to it the image of the default seed (decision 9).",
            "The difference from bare Starlette, about: on a kept folder, the modules of a world's "
            "services 18 ms, those of the server 11 ms, the settings 6 ms, the command line 4 ms, "
            "msgspec, argparse and SQLite 5 ms, the start itself 11 ms; in memory there are no "
            "services, but the seed's image, 4 ms. The first calls need pydantic and all "
            "operations, which a thread imports after ready (0.2 s of a core): a call that comes "
            "sooner waits for it.",
        ],
        packages=("uvicorn", "starlette", "uvloop"),
    )


def as_installed(compiled: str) -> dict[str, str]:
    """An environment with Python's bytecode kept in `compiled`, even if ours forbids bytecode."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def time_to_answer(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Milliseconds from spawning `command`, which contains the port, to its first answer."""
    port = int(command[command.index("--port") + 1]) if "--port" in command else int(command[-1])
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - began > _TIMEOUT_SECONDS:
                    raise RuntimeError(f"it did not start: {' '.join(command)}")
                time.sleep(0.002)
            return (time.perf_counter() - began) * 1000
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=_TIMEOUT_SECONDS)


def answers(port: int) -> bool:
    """Whether a server on `port` says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_emulator/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def loaded_late_libraries() -> list[str]:
    """The heavy libraries that a running emulator has imported, checked in a new process."""
    code = (
        "import asyncio, sys; from emulator import Emulator\n"
        "async def main():\n"
        "    async with Emulator(): print(*sys.modules)\n"
        "asyncio.run(main())"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return sorted(set(_LATE_LIBRARIES) & set(process.stdout.split()))


if __name__ == "__main__":
    print(measure().markdown())
