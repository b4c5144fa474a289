"""ClusterWorkers: an executor whose workers are those of a running Dask cluster.

The cluster's scheduler finds workers, repeats the jobs of a lost one, and has a dashboard. Needs
the extra `dask`.
"""

import functools
import logging
import pickle
import re
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.parallel.jobs import ExecutorLost
from emulator.parallel.processes import WorkerDied
from emulator.version import __version__

_CONNECT_SECONDS = 10
_COUNT_MS = 1_000
_ADDRESS = re.compile(r"(?:tcp|tls|wss?)://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_INSTALL = "Install it with: pip install distributed"


def connect(address: str) -> "ClusterWorkers":
    """Connect to the cluster whose scheduler listens at `address`, such as `tcp://host:8786`.

    Refuses (`unavailable`) a cluster that does not answer or has no workers, and (`conflict`)
    workers with another version of live-emulator, or without it.
    """
    try:
        import dask
        import distributed
    except ImportError:
        text = "A cluster needs the package distributed, which is not installed"
        raise Refused("unavailable", f"{text}. {_INSTALL}") from None
    if not _ADDRESS.fullmatch(address):
        text = f"invalid address of a cluster {address[:80]!r}"
        raise Refused("invalid", f"{text}; write it like tcp://scheduler:8786.")
    # Its log has a line for each attempt to reconnect; our own error says it once.
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    client_class: Any = distributed.Client
    seconds = f"{_CONNECT_SECONDS}s"
    dask.config.set({"distributed.comm.timeouts.connect": seconds})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client: Any = client_class(address, timeout=seconds, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        text = f"There is no Dask scheduler at {address} ({_line(error)})"
        raise Refused("unavailable", f"{text}. Start one with `dask scheduler`.") from None
    try:
        _check(client, address)
    except BaseException:
        client.close(timeout=1)
        raise
    return ClusterWorkers(client, address)


def _check(client: Any, address: str) -> None:
    """Refuse a cluster without workers, and workers that cannot do our jobs."""
    start = f"The workers of {address}"
    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except TimeoutError:
        text = f"The cluster at {address} has no workers"
        raise Refused("unavailable", f"{text}. Start some: dask worker {address}.") from None
    install = f"install live-emulator {__version__} where they run"
    try:
        # Packed as bytes, like a job: the scheduler does not read it.
        versions = client.run(pickle.loads, pickle.dumps(_Call(worker_version, ())))
    except Exception as error:  # A worker without our package may raise anything.
        raise Refused("conflict", f"{start} cannot run jobs ({_line(error)}): {install}.") from None
    others = sorted({str(version) for version in versions.values()} - {__version__})
    if others:
        text = f"{start} have live-emulator {', '.join(others)}, and this is {__version__}"
        raise Refused("conflict", f"{text}: {install}.")


def worker_version() -> str:
    """The version of live-emulator in a worker; called there."""
    return __version__


class _Call:
    """A call that is made when its pickle is loaded.

    A scheduler loads the pickles that it passes on. It gets bytes and the standard library's
    `pickle.loads`, so that it does not need our package.
    """

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._fn = fn
        self._args = args

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._fn, self._args


class ClusterWorkers(Executor):
    """The executor of `distributed`, with the same exceptions as the other executors here."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address
        self._executor = client.get_executor(pure=False)
        self._count = 0
        self._counted_ms = -_COUNT_MS

    def count(self) -> int:
        """The number of jobs that the workers can do at once; it is at most a second old."""
        now_ms = monotonic_ms()
        if now_ms >= self._counted_ms + _COUNT_MS:
            # Asking the scheduler before each job would take a noticeable part of a short job.
            workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
            self._count = sum(int(worker["nthreads"]) for worker in workers.values())
            self._counted_ms = now_ms
        return self._count

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        if self._client.status != "running":
            raise self._lost()
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def pass_on(theirs: "Future[Any]") -> None:
            try:
                result = theirs.result()
            except BaseException as error:  # Any exception ends this job alone.
                future.set_exception(self._translated(error))
            else:
                future.set_result(result)

        call = pickle.dumps(_Call(functools.partial(fn, **kwargs), args))
        self._executor.submit(pickle.loads, call).add_done_callback(pass_on)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster, after jobs in progress are cancelled or have ended."""
        if self._client.status == "running":
            self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close(timeout=2)

    def _translated(self, error: BaseException) -> BaseException:
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return WorkerDied("every cluster worker that ran this job died.")
        if isinstance(error, (CancelledError, FutureCancelledError)):
            return self._lost()
        # A job's own exception is part of its reply, so this error would stop any job.
        text = f"The cluster at {self._address} cannot do a job ({_line(error)})"
        return ExecutorLost(f"{text}: install live-emulator {__version__} where its workers run.")

    def _lost(self) -> ExecutorLost:
        text = f"The cluster at {self._address} was lost, with the jobs that it was running"
        return ExecutorLost(f"{text}. Start its scheduler and its workers again.")


def _line(error: BaseException) -> str:
    """The first line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
