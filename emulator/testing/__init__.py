"""Testing: the emulator for tests of any runner: `running` starts it, and each test has a `World`.

The pytest plugin's fixtures are these classes. The emulator runs in a thread of this process. Every
method that waits also has an awaitable form (`twins`).
"""

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
