"""Work: the set-up that all jobs of a run share, and the single jobs.

Both are sent as plain values to processes that may be on another machine. The set-up is sent
to each worker once: a job has its digest, and a worker without that set-up asks for it.
"""

import hashlib
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, Protocol

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.version import __version__


class Performer(Protocol):
    """An object that a worker keeps between jobs, such as a running emulator.

    `perform` may be called by several threads at once. If it raises, only its job has failed.
    """

    def perform(self, order: Any) -> Any:
        """Do one job. Its order and its result are plain JSON values."""

    def close(self) -> None:
        """Stop everything that was kept between jobs."""


# A function at the top of a module, so that another process can import it by its name.
Prepare = Callable[[bytes], Performer]


class Work(Struct, frozen=True, dict=True):
    """The shared set-up. `prepare` makes a worker's performer from `setup`, once a process."""

    prepare: Prepare
    setup: bytes

    @cached_property
    def digest(self) -> str:
        name = f"{self.prepare.__module__}.{self.prepare.__qualname__}"
        return hashlib.sha256(name.encode() + b"\0" + self.setup).hexdigest()


class Job(Struct, frozen=True):
    """One job: its unique key, the same in every run, and its order of plain values."""

    key: str
    order: Any


Kind = Literal["done", "failed", "setup-missing", "other-version"]
# A worker's reply: how the job ended, and its result, or a text if there is none.
Reply = tuple[Kind, Any]

_lock = threading.Lock()
_warm: dict[str, Performer] = {}


def perform(prepare: Prepare, digest: str, setup: bytes | None, version: str, order: Any) -> Reply:
    """Do one job in a worker, with the performer that it has, or with a new one made of `setup`."""
    if version != __version__:
        return "other-version", __version__
    try:
        performer = _performer(prepare, digest, setup)
        return ("setup-missing", None) if performer is None else ("done", performer.perform(order))
    except Refused as refused:
        return "failed", refused.message
    except Exception as error:  # A job's root: a failed job must not stop the worker.
        return "failed", f"{type(error).__name__}: {error}"


def close_all() -> None:
    """Close the performers of a worker that ends."""
    with _lock:
        while _warm:
            _warm.popitem()[1].close()


def _performer(prepare: Prepare, digest: str, setup: bytes | None) -> Performer | None:
    """The performer for this digest. Any other is closed: a worker serves one set-up at a time."""
    with _lock:
        if digest not in _warm and setup is not None:
            while _warm:
                _warm.popitem()[1].close()
            _warm[digest] = prepare(setup)
        return _warm.get(digest)
