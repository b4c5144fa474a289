"""The resources of an emulator in this process, compared before and after clients came."""

import asyncio
import threading
from pathlib import Path
from typing import NamedTuple

from emulator.server import Emulator


class Held(NamedTuple):
    """Open files and sockets, threads and tasks, without thread pools, which only grow."""

    files: int
    threads: int
    tasks: int

    @classmethod
    def now(cls, emulator: Emulator) -> "Held":
        """Count now. Must not be called on the emulator's event loop."""
        threads = [
            thread.name
            for thread in threading.enumerate()
            if not thread.name.startswith(("asyncio_", "AnyIO", "ThreadPoolExecutor"))
        ]
        tasks = emulator.call(lambda: len(asyncio.all_tasks()))
        return cls(len(list(Path("/dev/fd").iterdir())), len(threads), tasks)

    def is_given_back(self, emulator: Emulator) -> bool:
        """Whether the emulator now holds nothing more than this."""
        return all(now <= then for now, then in zip(Held.now(emulator), self, strict=True))


def codecs_at_work() -> list[str]:
    """The threads that transcode for WebRTC, by the output codec."""
    return sorted(
        thread.name for thread in threading.enumerate() if thread.name.startswith("webrtc")
    )
