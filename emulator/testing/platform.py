"""LiveEmulator: the emulator of a test session, and where it is reached."""

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
    """The emulator of a test session. Tests make worlds of their own beside `default`.

    `local` says where it listens, for a caller on this machine.
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
        """The CA file that a TLS client has to trust."""
        return str(self.ready["ca"])

    @property
    def admin_url(self) -> str:
        return str(self.emulator.addresses["admin"])

    @property
    def environment(self) -> dict[str, str]:
        """What an app under test finds it by: the `LIVE_EMULATOR_*` variables, and `NO_PROXY`."""
        return ready.environment(self.ready, os.environ)

    def call(self, verb: Callable[[], T]) -> T:
        """Run a verb where the worlds live."""
        return self.emulator.call(verb)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for what it gives."""
        return self.emulator.wait(work)


@contextmanager
def without_proxy() -> Iterator[None]:
    """No proxy of the environment is asked for this machine, by an app in this process either."""
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
    """An emulator in memory on free ports; `settings` go before what tests usually want."""
    usual: dict[str, Any] = {
        "data": ":memory:",
        "port": 0,
        "rtmp_port": 0,
        "rtmps_port": 0,
        "worlds_max": 1_000,
    }
    with server_running(Settings(**usual | dict(settings or {}))) as emulator:
        yield LiveEmulator(emulator)
