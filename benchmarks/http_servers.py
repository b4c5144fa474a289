"""Requests per second on each HTTP server that can serve the emulator, by `wrk` over HTTP/1.1."""

import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import api
from benchmarks.api import Call
from benchmarks.contest import ours
from benchmarks.contest.process import Missing
from benchmarks.table import Section

_SERVERS = ("uvicorn", "hypercorn")
_ROUNDS = 3


def measure() -> Section:
    """Measure equal calls on both servers alternately."""
    if shutil.which("wrk") is None:
        raise Missing("wrk is missing; Debian's package wrk has it.")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        calls: dict[str, dict[str, Call]] = {}
        for server in _SERVERS:
            folder = Path(name) / server
            folder.mkdir()
            running = stack.enter_context(ours.serving(folder, LIVE_EMULATOR_HTTP=server))
            stream = running.stream()
            base = f"{running.http}/api/v1/streams/"
            for path in ("", f"id/{stream.id}"):
                shown = "GET /streams/" + path.replace(stream.id, "{stream_id}")
                calls.setdefault(shown, {})[server] = Call(shown, base + path)
        rates: dict[str, dict[str, list[float]]] = {
            shown: {server: [] for server in _SERVERS} for shown in calls
        }
        for _ in range(_ROUNDS):
            for shown, item in calls.items():
                for server, call in item.items():
                    rates[shown][server].append(api._wrk(call)[0])
    rows = [["call", *_SERVERS, "share"]]
    for shown, payload in rates.items():
        fast, other = (statistics.median(payload[server]) for server in _SERVERS)
        rows.append([f"`{shown}`", f"{fast:,.0f}", f"{other:,.0f}", f"{other / fast:.2f}"])
    return Section(
        title="HTTP servers",
        rows=rows,
        notes=[
            f"Requests a second over HTTP/1.1 without TLS, median of {_ROUNDS} alternating rounds, "
            "32 connections; wrk runs on the same machine."
        ],
        packages=("starlette", "uvicorn", "hypercorn", "uvloop"),
    )


if __name__ == "__main__":
    print(measure().markdown())
