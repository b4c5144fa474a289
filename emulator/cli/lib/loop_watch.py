"""Loop watch: warns when the event loop is blocked: where, for how long, and probably why.

While the loop is blocked, no client gets an answer. The cause may be a slow disk, a machine without
a free processor, or a bug of ours; from outside they all look the same.
"""

import asyncio
import logging
import sys
import threading
from pathlib import Path
from traceback import walk_stack
from types import FrameType
from typing import NamedTuple

from emulator.core.clock import monotonic_ms

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# Clients give up later than this. A shorter block is normal on a busy machine.
_STILL_SECONDS = 5.0
_PACKAGE = Path(__file__).parents[2]
_PLACES = 4


async def watch_loop(
    look_seconds: float = _LOOK_SECONDS, still_seconds: float = _STILL_SECONDS
) -> None:
    """Until cancelled, warn when the loop is blocked for `still_seconds`, and when that ends."""
    watch = _Watch(asyncio.get_running_loop(), look_seconds, still_seconds)
    thread = threading.Thread(target=watch.run, name="loop-watch", daemon=True)
    thread.start()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        watch.is_over.set()


class _Spent(NamedTuple):
    """The time for which a thread has run on a processor, and has waited for one."""

    worked_ms: int
    queued_ms: int


class _Watch:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, look_seconds: float, still_seconds: float
    ) -> None:
        self.is_over = threading.Event()
        self._loop = loop
        self._look_seconds, self._still_seconds = look_seconds, still_seconds
        self._thread = threading.get_ident()
        self._native_thread = threading.get_native_id()

    def run(self) -> None:
        while not self.is_over.wait(self._look_seconds):
            answered = threading.Event()
            began_ms, before = monotonic_ms(), self._spent()
            try:
                self._loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # The loop is closed.
                return
            if answered.wait(self._still_seconds):
                continue
            log.warning(
                "the event loop stands still, nobody is answered: for %.1f s so far at=%s",
                (monotonic_ms() - began_ms) / 1000,
                self._place(),
            )
            while not answered.wait(self._look_seconds):
                if self.is_over.is_set():
                    return
            self._tell(monotonic_ms() - began_ms, before)

    def _tell(self, stood_ms: int, before: _Spent | None) -> None:
        after = self._spent()
        if before is None or after is None:
            log.warning("the event loop goes on: it stood still for %.1f s", stood_ms / 1000)
            return
        worked_ms, queued_ms = (now - then for now, then in zip(after, before, strict=True))
        log.warning(
            "the event loop goes on: it stood still for %.1f s, of which it worked %.1f s, waited"
            " %.1f s for a processor and %.1f s for something else (a disk, a lock, a stop)",
            stood_ms / 1000,
            worked_ms / 1000,
            queued_ms / 1000,
            max(0, stood_ms - worked_ms - queued_ms) / 1000,
        )

    def _place(self) -> str:
        """The calls of the loop's thread, innermost first."""
        frame = sys._current_frames().get(self._thread)
        return ", ".join(_places(frame)) if frame else "unknown"

    def _spent(self) -> _Spent | None:
        """The loop thread's figures; None if the system has none (Linux: proc(5), schedstat)."""
        try:
            text = Path(f"/proc/self/task/{self._native_thread}/schedstat").read_text("ascii")
            worked_ns, queued_ns = map(int, text.split()[:2])
        except (OSError, ValueError):
            return None
        return _Spent(worked_ns // 1_000_000, queued_ns // 1_000_000)


def _places(innermost: FrameType) -> list[str]:
    """The innermost call, and the calls of this program that led to it."""
    places: list[str] = []
    for frame, line in walk_stack(innermost):
        path = Path(frame.f_code.co_filename)
        is_ours = path.is_relative_to(_PACKAGE)
        if is_ours or not places:
            shown = path.relative_to(_PACKAGE).as_posix() if is_ours else path.name
            places.append(f"{shown}:{line} {frame.f_code.co_name}")
    return places[:_PLACES]
