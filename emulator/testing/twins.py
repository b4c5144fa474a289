"""Twins: every method that waits has an awaitable twin, so that a test need not block its loop.

An app under test may run in the same event loop, with its webhook receiver and its chat. While a
blocking method waits, that app cannot answer.
"""

import asyncio
import functools
import warnings
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


class LoopBlockedWarning(RuntimeWarning):
    """A blocking method was called inside a running event loop, which stands still meanwhile."""


def twin(
    verb: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Make the awaitable twin of a method: it waits in a thread while the event loop goes on."""

    @functools.wraps(verb)
    async def awaited(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(verb, self, *args, **kwargs)

    return awaited


def waits(verb: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make a method warn when it is called inside a running event loop."""

    @functools.wraps(verb)
    def called(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        warn_in_loop(verb.__name__, stacklevel=3)
        return verb(self, *args, **kwargs)

    return called


def warn_in_loop(name: str, stacklevel: int = 3) -> None:
    """Warn that the method `name` blocks the event loop, if this thread runs one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    warnings.warn(
        f"{name}() blocks the event loop that it is called in. What runs there, such as your app's"
        f" webhook receiver, cannot answer meanwhile. Use `await ....{name}_async()`.",
        LoopBlockedWarning,
        stacklevel=stacklevel,
    )
