"""Stopping: a command that goes on until it is told to stop, and then ends well."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[signal.Signals], object]

# Windows has no SIGHUP and no SIGQUIT. There Ctrl-Break, and the console's window when it is
# closed, are SIGBREAK; SIGTERM ends a process without a word.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def numbers_of(names: Iterable[str]) -> tuple[signal.Signals, ...]:
    """Those of the signals that this system has."""
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def stop_numbers() -> tuple[signal.Signals, ...]:
    """The signals that mean stop. SIGHUP comes where a terminal is closed.

    Under `nohup` that one is ignored, and stays so.
    """
    hang_up = numbers_of(("SIGHUP",))
    return tuple(
        number
        for number in numbers_of(_NAMES)
        if number not in hang_up or signal.getsignal(number) is not signal.SIG_IGN
    )


@contextmanager
def stop_signals(stop: threading.Event | None = None) -> Iterator[threading.Event]:
    """An event that a signal to stop sets, while the block lasts.

    A second Ctrl-C interrupts what the command still does.
    """
    stop = stop or threading.Event()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in stop_numbers()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def loop_signals(numbers: Iterable[signal.Signals], handle: Handler) -> Iterator[None]:
    """`handle` is called on the running loop with each of these signals, while the block lasts.

    For the main thread. A loop without signals, as Windows', hears of them by Python's own way.
    """
    loop = asyncio.get_running_loop()
    undo: list[Callable[[], object]] = []
    try:
        for number in numbers:
            undo.append(_listen(loop, number, handle))
        yield
    finally:
        for act in undo:
            act()


def _listen(
    loop: asyncio.AbstractEventLoop, number: signal.Signals, handle: Handler
) -> Callable[[], object]:
    try:
        loop.add_signal_handler(number, handle, number)
    except NotImplementedError:

        def on_signal(_number: int, _: FrameType | None) -> None:
            loop.call_soon_threadsafe(handle, number)

        before = signal.signal(number, on_signal)
        return lambda: signal.signal(number, before)
    return lambda: loop.remove_signal_handler(number)
