"""Converter: a codec at work in a thread of its own. What it makes comes home to the loop in order.

Used where no pass-through can be: sound between AAC and Opus, pictures that a browser or HLS cannot
show. A codec that falls behind loses input, and says so once; nothing grows.
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
Made = TypeVar("Made")

_PENDING_MAX = 256


class Codec(Protocol[Input_contra, Made]):
    """Lives in the converter's thread: made, fed and closed there."""

    def convert(self, item: Input_contra) -> "list[Made]": ...


class Converter(Generic[Input, Made]):
    """`deliver` is called on the loop's thread; not any more after `close`."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Codec[Input, Made]],
        deliver: Callable[[list[Made]], None],
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
        """True while input is being dropped."""
        return self._pending.qsize() >= _PENDING_MAX

    def push(self, item: Input) -> bool:
        """Says whether it was taken: a converter that is far behind takes nothing."""
        if self._is_closed or self.is_behind:
            if not self._lost and not self._is_closed:
                log.warning("transcoding does not keep up: input is dropped what=%s", self._name)
            self._lost += 1
            return False
        self._pending.put(item)
        return True

    def close(self) -> None:
        """The thread ends by itself, a moment later."""
        self._is_closed = True
        self._pending.put(None)

    def _work(self) -> None:
        codec = self._make()
        while (item := self._pending.get()) is not None:
            if self._is_closed:
                continue
            outputs = codec.convert(item)
            if outputs:
                self._bring_home(outputs)

    def _bring_home(self, outputs: list[Made]) -> None:
        def deliver() -> None:
            if not self._is_closed:
                self._deliver(outputs)

        try:
            self._loop.call_soon_threadsafe(deliver)
        except RuntimeError:  # The loop has closed: nobody waits for it any more.
            self._is_closed = True
