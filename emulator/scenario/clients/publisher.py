"""StreamPublisher: the interface of a stream's publisher, real or simulated."""

from collections.abc import Mapping
from typing import Any, Protocol


class StreamPublisher(Protocol):
    """One stream's publisher."""

    async def start(self) -> None:
        """Start publishing. Returns once accepted; refuses what the platform refuses."""
        ...

    async def stop(self, reason: str) -> None:
        """End the publish, as an encoder's stop button does."""
        ...

    async def drop(self) -> None:
        """Cut the connection, like a pulled plug."""
        ...

    async def come_back(self) -> None:
        """Connect again after a drop. Refuses (`conflict`) if the stream has ended meanwhile."""
        ...

    async def change(self, patch: Mapping[str, Any]) -> None:
        """Change settings, by the names of `PublishConfig`; {} restores the first ones.

        An encoder reconnects at once if its picture's size or frame rate changes.
        """
        ...
