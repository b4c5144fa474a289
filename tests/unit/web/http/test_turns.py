"""Changes of calls within one turn share a transaction, but each call fails alone."""

import asyncio
from collections.abc import Callable

import pytest

from emulator.core import causes
from emulator.core.errors import Refused
from emulator.web.http.turns import change_in_turn
from emulator.world.people import accounts
from emulator.world.store import events
from emulator.world.world import World


def make(world: World, name: str) -> Callable[[], str]:
    return lambda: accounts.make(world, name).username


def names(world: World) -> list[str]:
    return [event.values["username"] for event in events.read(world.store, after=0, count=9)]


async def caused_by(world: World, name: str) -> list[causes.Range]:
    with causes.collecting() as effects:
        await change_in_turn(world, make(world, name))
    return effects.ranges


async def test_turn_is_one_transaction_with_each_calls_own_result_and_events(world: World) -> None:
    version = world.store.version
    ranges = await asyncio.gather(*(caused_by(world, name) for name in ("ada", "bob", "cy")))
    assert world.store.version == version + 1
    assert ranges == [[(1, 1)], [(2, 2)], [(3, 3)]]
    assert names(world) == ["ada", "bob", "cy"]


async def test_turn_refuses_one_call_and_keeps_the_others(world: World) -> None:
    results = await asyncio.gather(
        *(change_in_turn(world, make(world, name)) for name in ("ada", "ada", "bob")),
        return_exceptions=True,
    )
    assert (results[0], results[2]) == ("ada", "bob")
    assert isinstance(results[1], Refused)
    assert names(world) == ["ada", "bob"]


async def test_turn_undoes_the_call_that_fails_alone(world: World) -> None:
    def fail() -> str:
        accounts.make(world, "cy")
        raise ZeroDivisionError

    acts = [make(world, "ada"), fail, make(world, "bob")]
    results = await asyncio.gather(
        *(change_in_turn(world, act) for act in acts), return_exceptions=True
    )
    assert (results[0], results[2]) == ("ada", "bob")
    assert isinstance(results[1], ZeroDivisionError)
    assert names(world) == ["ada", "bob"]


async def test_turn_goes_on_where_a_call_was_given_up(world: World) -> None:
    first = asyncio.create_task(change_in_turn(world, make(world, "ada")))
    second = asyncio.create_task(change_in_turn(world, make(world, "bob")))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "bob"
    with pytest.raises(asyncio.CancelledError):
        await first
    assert names(world) == ["ada", "bob"]
