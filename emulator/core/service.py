"""Service: background work of one world, such as its webhooks.

A service is made once for a world and exists until the world is dropped. The world's state may be
replaced meanwhile: a reset stops the service, puts the new state in place, and starts it again.
"""

from emulator.core.bus import Handlers


class Service:
    """The base class, of which every method does nothing; a subclass overrides what it needs."""

    def handlers(self) -> Handlers:
        """The handlers of events, from when the service is made until its world is dropped."""
        return {}

    def start(self) -> None:
        """Begin to work with the world's present state: a fresh one, or `recover` follows."""

    async def recover(self, is_restart: bool) -> None:
        """Resume the work that the world's state says is in progress.

        `is_restart`: an earlier process left this state. Otherwise it comes from a snapshot or a
        file, and clients that were connected then do not come back.
        """

    async def stop(self, reason: str) -> None:
        """Stop, and return once no work goes on that could touch the state that comes next."""
