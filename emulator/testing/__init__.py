"""What tests do with a platform, for any runner: `running`, and a `World` for each test.

The fixtures of the pytest plugin are these. The emulator runs in a thread of this process; what
waits has an awaitable twin (`twins`).
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
