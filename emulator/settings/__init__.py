"""Settings: `Settings`, and `gather`, which reads them from every source."""

from emulator.core.errors import WrongSetting
from emulator.settings.fields import MEMORY, Settings
from emulator.settings.sources import add_flags, gather

__all__ = ["MEMORY", "Settings", "WrongSetting", "add_flags", "gather"]
