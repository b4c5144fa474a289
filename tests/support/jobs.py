"""Job performers for tests: another process imports them by name, so they stand in a module."""

import json
import os
import signal
from pathlib import Path
from typing import Any


class Counting:
    """A performer that counts the jobs of its process; a job may ask it to fail, die or hang."""

    def __init__(self, setup: bytes) -> None:
        self._folder = Path(json.loads(setup)["folder"])
        self._done = 0

    def perform(self, order: Any) -> Any:
        self._done += 1
        if order.get("raises"):
            raise ValueError(order["raises"])
        if order.get("dies") == "always" or (order.get("dies") == "once" and self._is_first()):
            os.kill(os.getpid(), signal.SIGKILL)
        if order.get("hangs"):
            (self._folder / "hangs").write_text(str(os.getpid()))
            try:
                signal.pause()
            finally:
                (self._folder / "cleaned-up").touch()
        return {"number": order["number"], "pid": os.getpid(), "done": self._done}

    def close(self) -> None:
        (self._folder / f"closed-{os.getpid()}").touch()

    def _is_first(self) -> bool:
        mark = self._folder / "died"
        is_first = not mark.exists()
        mark.touch()
        return is_first


def counting(setup: bytes) -> Counting:
    return Counting(setup)
