"""Service: something that goes on in one world beside its facts, such as its webhooks.

It is made once for a world, and is there until the world is dropped. Its facts may be others
meanwhile: a reset stops it, puts the facts in place, and starts it again.
"""

from emulator.core.bus import Handlers


class Service:
    """Does nothing at any moment; a subclass says at which it does something."""

    def handlers(self) -> Handlers:
        """What it does at which events, from when it is made until its world is dropped."""
        return {}

    def start(self) -> None:
        """Go on with the facts that are in place now. They are fresh, or `recover` follows."""

    async def recover(self, is_restart: bool) -> None:
        """Take up again what the facts speak of as under way.

        `is_restart`: an earlier process has left them. Otherwise they come from a snapshot or a
        file: what was connected then does not come back.
        """

    async def stop(self, reason: str) -> None:
        """Leave off, and return when nothing goes on that could touch the facts that come next."""
