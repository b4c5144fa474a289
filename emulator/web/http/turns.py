"""Turns: the changes of several calls in one turn of the event loop share one transaction.

On disk a transaction costs more than a chat line. A single call only waits for the loop's next
turn.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeVar

from emulator.core.errors import Refused
from emulator.world.store.journal import Store
from emulator.world.world import World

T = TypeVar("T")

_Waiting = tuple[Callable[[], Any], Context, asyncio.Future[Any]]


async def change_in_turn(world: World, act: Callable[[], T]) -> T:
    """Return the result of `act`, once it is written together with all others of this turn.

    `act` has to check everything before it writes. Its refusal is only raised for its own caller;
    if nothing can be written, all callers get that refusal. After any other error each `act` is run
    in a transaction of its own.
    """
    return await world.memory(_Turn).run(act)


class _Turn:
    """The waiting changes of one world.

    Each runs in the context of its call, which gets its events.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []

    async def run(self, act: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._go, context=Context())
        result: asyncio.Future[T] = loop.create_future()
        self._waiting.append((act, copy_context(), result))
        return await result

    def _go(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            with self._store.change():
                outcomes = [_outcome(act, context) for act, context, _ in waiting]
        except Refused as refused:
            outcomes = [refused for _ in waiting]
        except _Broken:  # Only the call that caused the error gets it.
            outcomes = [self._outcome_alone(act, context) for act, context, _ in waiting]
        except Exception as error:  # The error of a listener, after the commit.
            outcomes = [error for _ in waiting]
        for (_, _, result), outcome in zip(waiting, outcomes, strict=True):
            if result.done():  # The call was cancelled.
                continue
            if isinstance(outcome, Exception):
                result.set_exception(outcome)
            else:
                result.set_result(outcome)

    def _outcome_alone(self, act: Callable[[], Any], context: Context) -> Any:
        try:
            with self._store.change():
                return context.run(act)
        except Exception as error:
            return error


def _outcome(act: Callable[[], Any], context: Context) -> Any:
    try:
        return context.run(act)
    except Refused as refused:
        return refused
    except Exception as error:
        raise _Broken from error


class _Broken(Exception):
    """An `act` has failed, possibly after it had written something."""
