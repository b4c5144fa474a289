"""Work: what all jobs of a run share, and the job that a worker does with it.

Both travel as plain values to processes that may be on another machine. What the jobs share is sent
to a worker once: a job names it by its digest, and a worker that lacks it asks for it.
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
    """What a worker keeps warm between jobs, such as an emulator that runs.

    `perform` may be called by several threads at once. What it raises is its job's failure alone.
    """

    def perform(self, order: Any) -> Any:
        """Do one job. Takes and gives plain values, as JSON has them."""

    def close(self) -> None:
        """Stop what was kept warm."""


# A function of a module, which another process can import by its name.
Prepare = Callable[[bytes], Performer]


class Work(Struct, frozen=True, dict=True):
    """`prepare` makes a worker's performer from `setup`, once a process."""

    prepare: Prepare
    setup: bytes

    @cached_property
    def digest(self) -> str:
        name = f"{self.prepare.__module__}.{self.prepare.__qualname__}"
        return hashlib.sha256(name.encode() + b"\0" + self.setup).hexdigest()


class Job(Struct, frozen=True):
    """One job: a name that no other has, the same each time, and its order of plain values."""

    key: str
    order: Any


Kind = Literal["done", "failed", "setup-missing", "other-version"]
# What a worker gives back: how it went, and the result, or a text where there is none.
Reply = tuple[Kind, Any]

_lock = threading.Lock()
_warm: dict[str, Performer] = {}


def perform(prepare: Prepare, digest: str, setup: bytes | None, version: str, order: Any) -> Reply:
    """In a worker: do one job with the warm performer, or with a new one where `setup` came."""
    if version != __version__:
        return "other-version", __version__
    try:
        performer = _performer(prepare, digest, setup)
        return ("setup-missing", None) if performer is None else ("done", performer.perform(order))
    except Refused as refused:
        return "failed", refused.message
    except Exception as error:  # A job's root: one job's failure is not the worker's.
        return "failed", f"{type(error).__name__}: {error}"


def close_all() -> None:
    """In a worker that ends: stop what is warm."""
    with _lock:
        while _warm:
            _warm.popitem()[1].close()


def _performer(prepare: Prepare, digest: str, setup: bytes | None) -> Performer | None:
    """That of this digest. Another's is closed: a worker serves one work at a time."""
    with _lock:
        if digest not in _warm and setup is not None:
            while _warm:
                _warm.popitem()[1].close()
            _warm[digest] = prepare(setup)
        return _warm.get(digest)
