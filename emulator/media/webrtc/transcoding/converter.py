"""Converter: runs a codec in a thread, and returns its output to the loop in order.

Used where media cannot be passed through: audio between AAC and Opus, pictures that a browser or
HLS cannot show. A codec that falls behind drops input, and logs that once; no queue grows without a
bound.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

log = logging.getLogger(__name__)

Input = TypeVar("Input")
Input_contra = TypeVar("Input_contra", contravariant=True)
Output = TypeVar("Output")

_PENDING_MAX = 256


class Codec(Protocol[Input_contra, Output]):
    """A codec that is made and used in the converter's thread."""

    def convert(self, item: Input_contra) -> "list[Output]": ...


class Converter(Generic[Input, Output]):
    """One codec and its thread. `deliver` is called on the loop's thread; never after `close`."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Codec[Input, Output]],
        deliver: Callable[[list[Output]], None],
    ) -> None:
        self._name = name
        self._make = make
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._pending: queue.SimpleQueue[Input | None] = queue.SimpleQueue()
        self._is_closed = False
        self._lost = 0
        self._thread = threading.Thread(target=self._work, name=f"webrtc-{name}", daemon=True)
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        """Whether input is being dropped."""
        return self._pending.qsize() >= _PENDING_MAX

    def push(self, item: Input) -> bool:
        """Queue an item; return False where it is dropped, because the converter is far behind."""
        if self._is_closed or self.is_behind:
            if not self._lost and not self._is_closed:
                log.warning("transcoding does not keep up: input is dropped what=%s", self._name)
            self._lost += 1
            return False
        self._pending.put(item)
        return True

    def close(self) -> None:
        """Close the converter; its thread ends a moment later."""
        self._is_closed = True
        self._pending.put(None)

    def _work(self) -> None:
        codec = self._make()
        while (item := self._pending.get()) is not None:
            if self._is_closed:
                continue
            outputs = codec.convert(item)
            if outputs:
                self._deliver_on_loop(outputs)

    def _deliver_on_loop(self, outputs: list[Output]) -> None:
        def deliver() -> None:
            if not self._is_closed:
                self._deliver(outputs)

        try:
            self._loop.call_soon_threadsafe(deliver)
        except RuntimeError:  # The loop has closed: nobody waits for the output any more.
            self._is_closed = True
