"""A whole live streaming platform on one machine: real RTMP in, HLS out, and its API."""

from typing import TYPE_CHECKING

from emulator.version import __version__

if TYPE_CHECKING:
    from emulator.server import Emulator, running
    from emulator.settings import Settings

__all__ = ["Emulator", "Settings", "__version__", "running"]


def __getattr__(name: str) -> object:
    """Import the server only when somebody asks for it: `live-emulator --version` must not."""
    if name in {"Emulator", "running"}:
        from emulator import server

        return getattr(server, name)
    if name == "Settings":
        from emulator.settings import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
