"""Pause: where a run whose time jumps stands still, until it may go on."""

import asyncio
from collections.abc import Callable


class Pause:
    """`pass_by` is called where the run could stand; `until_standing` waits until it does."""

    def __init__(self) -> None:
        # Whether to stand at this instant; None: the run goes on.
        self._is_reached: Callable[[], bool] | None = None
        self._may_go = asyncio.Event()
        self._is_standing = asyncio.Event()
        self._is_over = False

    @property
    def is_on(self) -> bool:
        """It stands, or will at an instant that it has been told."""
        return self._is_reached is not None

    def begin(self, is_reached: Callable[[], bool] = lambda: True) -> None:
        """Stand at the next instant at which `is_reached`; go on until then."""
        if not self._is_over:
            self._is_reached = is_reached
            self._is_standing.clear()
            self._may_go.set()

    def end(self, *, for_good: bool = False) -> None:
        """Go on. `for_good`: the run is over, and nobody waits for it any more."""
        self._is_reached = None
        self._may_go.set()
        if for_good:
            self._is_over = True
            self._is_standing.set()

    async def pass_by(self) -> None:
        """Stand here for as long as the pause lasts."""
        while self._is_reached is not None and self._is_reached():
            self._may_go.clear()
            self._is_standing.set()
            await self._may_go.wait()

    async def until_standing(self) -> None:
        """Returns when the run stands where it was told to, or is over."""
        await self._is_standing.wait()
