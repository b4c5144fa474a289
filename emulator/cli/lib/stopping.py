"""Stopping: lets a command run until a signal asks it to stop, and then end cleanly."""

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
    """The numbers of the named signals, without those that this system does not have."""
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def stop_numbers() -> tuple[signal.Signals, ...]:
    """The signals that mean stop. SIGHUP comes when a terminal is closed.

    Under `nohup`, SIGHUP is ignored and stays so.
    """
    hang_up = numbers_of(("SIGHUP",))
    return tuple(
        number
        for number in numbers_of(_NAMES)
        if number not in hang_up or signal.getsignal(number) is not signal.SIG_IGN
    )


@contextmanager
def stop_signals(stop: threading.Event | None = None) -> Iterator[threading.Event]:
    """Set the event `stop` when a signal to stop comes, while the block runs.

    A second Ctrl-C interrupts the command's work.
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
    """Call `handle` on the running loop for each of these signals, while the block runs.

    For the main thread. With a loop that has no signals, as on Windows, Python's own handlers are
    used.
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
