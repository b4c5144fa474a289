"""LiveEmulator: the emulator of a test session, and its addresses."""

import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from emulator import ready
from emulator.server import Emulator
from emulator.server import running as server_running
from emulator.settings import Settings

T = TypeVar("T")


class LiveEmulator:
    """The emulator of a test session. Each test makes its own world in it.

    `local` has the addresses for callers on this machine.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.local: dict[str, Any] = emulator.local

    @property
    def ready(self) -> dict[str, Any]:
        """The ready file's content. The CA that it names is made when it is first asked for."""
        return self.emulator.ready

    @property
    def url(self) -> str:
        return str(self.emulator.addresses["http"])

    @property
    def ws_url(self) -> str:
        return str(self.emulator.addresses["ws"])

    @property
    def rtmp_url(self) -> str:
        return str(self.emulator.addresses["rtmp"])

    @property
    def rtmps_url(self) -> str:
        return str(self.emulator.addresses["rtmps"])

    @property
    def ca(self) -> str:
        """The path of the CA file that TLS clients have to trust."""
        return str(self.ready["ca"])

    @property
    def admin_url(self) -> str:
        return str(self.emulator.addresses["admin"])

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for an app under test: `LIVE_EMULATOR_*` and `NO_PROXY`."""
        return ready.environment(self.ready, os.environ)

    def call(self, verb: Callable[[], T]) -> T:
        """Call a function on the emulator's event loop, and return its result."""
        return self.emulator.call(verb)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the emulator's event loop, and return its result."""
        return self.emulator.wait(work)


@contextmanager
def without_proxy() -> Iterator[None]:
    """While the block runs, keep this process from using the environment's proxy for localhost."""
    changed = ready.without_proxy(os.environ)
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def running(settings: Mapping[str, Any] | None = None) -> Iterator[LiveEmulator]:
    """Run an emulator in memory on free ports; `settings` override what tests usually need."""
    usual: dict[str, Any] = {
        "data": ":memory:",
        "port": 0,
        "rtmp_port": 0,
        "rtmps_port": 0,
        "worlds_max": 1_000,
    }
    with server_running(Settings(**usual | dict(settings or {}))) as emulator:
        yield LiveEmulator(emulator)
