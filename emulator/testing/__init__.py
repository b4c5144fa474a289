"""Testing: the emulator for tests of any runner: `running` starts it, and each test has a `World`.

The pytest plugin's fixtures are these classes. The emulator runs in a thread of this process. Every
method that waits also has an awaitable form (`twins`).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.testing.asking import ApiResponse
    from emulator.testing.platform import LiveEmulator, running
    from emulator.testing.rooms import Chat
    from emulator.testing.scenarios import Scenarios
    from emulator.testing.steering import Clock, Faults
    from emulator.testing.streams import Publisher, Stream, Viewers
    from emulator.testing.webhooks import Webhooks
    from emulator.testing.worlds import World

__all__ = [
    "ApiResponse",
    "Chat",
    "Clock",
    "Faults",
    "LiveEmulator",
    "Publisher",
    "Scenarios",
    "Stream",
    "Viewers",
    "Webhooks",
    "World",
    "running",
]

# The module of each name, imported with its first use: a test pays for what it uses.
_MODULES = {
    "ApiResponse": "asking",
    "Chat": "rooms",
    "Clock": "steering",
    "Faults": "steering",
    "LiveEmulator": "platform",
    "Publisher": "streams",
    "Scenarios": "scenarios",
    "Stream": "streams",
    "Viewers": "streams",
    "Webhooks": "webhooks",
    "World": "worlds",
    "running": "platform",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"emulator.testing.{_MODULES[name]}"), name)
