"""A Dask cluster on this machine: a scheduler and workers, each a process that may be killed."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def needs_dask() -> None:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("needs Dask: pip install distributed")


@contextmanager
def cluster(folder: Path, *, workers: int) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler and its workers on loopback: the scheduler's address, and the workers' processes.

    Skips the test where Dask is not installed.
    """
    needs_dask()
    processes: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *arguments]
        is_read = module == "dask_scheduler"
        output = subprocess.PIPE if is_read else subprocess.DEVNULL
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=output))

    try:
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        address = address_of(processes[0])
        for number in range(workers):
            local = ("--local-directory", str(folder / f"worker-{number}"))
            start("dask_worker", address, "--nthreads", "1", "--no-nanny", *local)
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def address_of(scheduler: "subprocess.Popen[bytes]") -> str:
    assert scheduler.stderr is not None
    for line in scheduler.stderr:
        if b"Scheduler at:" in line:
            return line.split()[-1].decode()
    raise AssertionError("the scheduler ended before it listened")
