"""ProcessWorkers: an executor of processes on this machine.

Unlike with `ProcessPoolExecutor`, a process that dies takes only its own job with it and is
replaced, and no process stays behind if this one is killed.
"""

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

from emulator.parallel import work

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

_SPAWN = multiprocessing.get_context("spawn")
# The time that a worker may take to end after it was asked to.
_END_SECONDS = 10
_Task = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerDied(BrokenExecutor):
    """A worker ended in the middle of a job."""


class ProcessWorkers(Executor):
    """`count` processes, each started at its first job and kept for later ones."""

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._is_shut = threading.Event()
        self._workers = [_Worker(self._tasks, self._is_shut) for _ in range(count)]

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that exist now."""
        return [pid for worker in self._workers if (pid := worker.pid) is not None]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        if self._is_shut.is_set():
            raise RuntimeError("the workers were shut down")
        future: Future[Any] = Future()
        self._tasks.put((future, fn, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all workers once they have done all jobs; at once with `cancel_futures`."""
        self._is_shut.set()
        if cancel_futures:
            self._cancel_waiting()
        for worker in self._workers:
            self._tasks.put(None)
            if cancel_futures:
                worker.terminate()
        for worker in self._workers if wait or cancel_futures else ():
            worker.thread.join()

    def _cancel_waiting(self) -> None:
        with suppress(queue.Empty):
            while True:
                if task := self._tasks.get_nowait():
                    task[0].cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.shutdown(cancel_futures=kind is not None)


class _Worker:
    """One process, and the thread in this process that sends it jobs."""

    def __init__(self, tasks: "queue.SimpleQueue[_Task | None]", is_shut: threading.Event) -> None:
        self._tasks = tasks
        self._is_shut = is_shut
        self._process: SpawnProcess | None = None
        self._connection: Connection
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    def terminate(self) -> None:
        """End the process now; it cleans up what its job has started."""
        process = self._process
        if process is not None:
            process.terminate()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, *call = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result, error = self._call(call)
            except Exception as failure:  # Only the last task may end this thread.
                result, error = None, failure
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._process is not None:
            self._connection.close()
            self._join(self._process)

    def _call(self, call: list[Any]) -> tuple[Any, BaseException | None]:
        if self._process is None:
            self._start()
        process = self._process
        try:
            self._connection.send(call)
            result, error = self._connection.recv()
            return result, error
        except (EOFError, OSError):
            pass
        assert process is not None
        self._process = None
        self._connection.close()
        self._join(process)
        return None, WorkerDied(_how(process.exitcode))

    def _start(self) -> None:
        if self._is_shut.is_set():
            raise WorkerDied("the workers were shut down")
        ours, theirs = _SPAWN.Pipe()
        # A daemon thread: an interpreter that ends does not wait for it.
        process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            process.start()
        except OSError as error:
            ours.close()
            raise WorkerDied(f"no process can be started ({error.strerror}).") from None
        finally:
            theirs.close()
        self._connection, self._process = ours, process

    def _join(self, process: SpawnProcess) -> None:
        process.join(_END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"it was ended by signal {-code} ({signal.Signals(-code).name})."
    return f"it ended with exit code {code}."


def _serve(connection: Connection) -> None:
    """Do one job after another until the connection is closed. Runs in the worker."""
    # Ctrl-C and a closed terminal reach every process, but the parent process ends its workers.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        while True:
            function, args, kwargs = connection.recv()
            try:
                reply: tuple[Any, Any] = (function(*args, **kwargs), None)
            except Exception as error:  # It is sent back as the job's result.
                reply = (None, error)
            connection.send(reply)
    except (EOFError, OSError):
        pass
    finally:
        work.close_all()


def _end_with_parent() -> None:
    """End this process when its parent does, also in the middle of a job."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
