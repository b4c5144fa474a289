"""Pause: holds a run whose time jumps, until it may continue."""

import asyncio
from collections.abc import Callable


class Pause:
    """A pause. The run calls `pass_by` where it can stop; `until_standing` waits until it has."""

    def __init__(self) -> None:
        # Whether to stop at this instant; None: the run continues.
        self._is_reached: Callable[[], bool] | None = None
        self._may_go = asyncio.Event()
        self._is_standing = asyncio.Event()
        self._is_over = False

    @property
    def is_on(self) -> bool:
        """Whether the run has stopped, or is going to at a known instant."""
        return self._is_reached is not None

    def begin(self, is_reached: Callable[[], bool] = lambda: True) -> None:
        """Stop at the next instant at which `is_reached`; continue until then."""
        if not self._is_over:
            self._is_reached = is_reached
            self._is_standing.clear()
            self._may_go.set()

    def end(self, *, for_good: bool = False) -> None:
        """Continue. `for_good`: the run is over, and no call waits for it any more."""
        self._is_reached = None
        self._may_go.set()
        if for_good:
            self._is_over = True
            self._is_standing.set()

    async def pass_by(self) -> None:
        """Stop here while the pause lasts."""
        while self._is_reached is not None and self._is_reached():
            self._may_go.clear()
            self._is_standing.set()
            await self._may_go.wait()

    async def until_standing(self) -> None:
        """Return when the run has stopped where it should, or is over."""
        await self._is_standing.wait()
