"""StreamPublisher: what a scenario asks of a stream's publisher, real or simulated."""

from collections.abc import Mapping
from typing import Any, Protocol


class StreamPublisher(Protocol):
    """One stream's publisher."""

    async def start(self) -> None:
        """Begin to send. Returns once it is taken; refuses what the platform refuses."""
        ...

    async def stop(self, reason: str) -> None:
        """End it, as an encoder's stop button does."""
        ...

    async def drop(self) -> None:
        """Lose the connection, as a pulled plug does."""
        ...

    async def come_back(self) -> None:
        """Connect again after a drop. Refuses (`conflict`) when the stream has ended meanwhile."""
        ...

    async def change(self, patch: Mapping[str, Any]) -> None:
        """Go on with other settings, by the names of `PublishSettings`; with none as it was at
        first. An encoder comes again at once where its picture's size or rate changes.
        """
        ...
