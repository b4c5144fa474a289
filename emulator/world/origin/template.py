"""Template: what a fresh world begins with, made once from a seed and then copied.

Sowing a seed takes milliseconds; copying its pages a tenth of one. Ids of what is sown are the
same in every copy. Its times are moved, so that what was "two hours ago" in the seed is two hours
before the copy's own beginning.
"""

from collections.abc import Callable
from dataclasses import replace

from emulator.core.clock import Clock, ManualClock
from emulator.core.events import Event
from emulator.world.origin.seed import Seed, sow
from emulator.world.rules import Rules
from emulator.world.store.journal import Store
from emulator.world.world import World

_SOWN_AT_MS = 1_767_225_600_000
# A column with such a name holds an instant; other milliseconds are durations.
_INSTANTS = ("at_ms", "_at_ms", "_start_ms")


class Template:
    """The facts of one seed. Costs a sowing when made (some 20 ms)."""

    def __init__(self, seed: Seed, rules: Rules) -> None:
        clock = ManualClock(_SOWN_AT_MS - seed.length_ms)
        # What a seed says has happened, whatever the rules are that hold from now on.
        lenient = replace(rules, streams_per_user=0, chat_lines_per_minute=0, chat_repeats_max=0)
        world = World(clock=clock, publish=_ignore, rules=lenient, name="seed")
        sow(world, seed, clock)
        self._facts = world.store
        with self._facts.change():
            # A copy counts its own starts, so that its ids do not depend on the sowing.
            self._facts.write("DELETE FROM meta WHERE name = 'starts'")
        self._shifts = _shifts(self._facts)

    def make(
        self, clock: Clock, publish: Callable[[Event], None], rules: Rules, name: str
    ) -> World:
        """A fresh world in memory."""
        world = World(clock=clock, publish=publish, rules=rules, name=name, facts=self._facts)
        self._shift(world)
        return world

    def restore(self, world: World) -> None:
        """Put a world back to this seed, as if it were made now."""
        world.load(self._facts)
        self._shift(world)

    def close(self) -> None:
        self._facts.close()

    def _shift(self, world: World) -> None:
        shift_ms = world.now_ms - _SOWN_AT_MS
        with world.change():
            for sql, count in self._shifts:
                world.store.write(sql, *[shift_ms] * count)


def _shifts(facts: Store) -> list[tuple[str, int]]:
    """A statement for each table that holds instants, which moves them all, and their number."""
    shifts = []
    for table, columns in facts.columns().items():
        instants = [name for name in columns if name == "at_ms" or name.endswith(_INSTANTS)]
        if instants and facts.row(f"SELECT 1 FROM {table} LIMIT 1"):
            moves = ", ".join(f"{name} = {name} + ?" for name in instants)
            shifts.append((f"UPDATE {table} SET {moves}", len(instants)))
    return shifts


def _ignore(_: Event) -> None:
    """Nobody lives in a template, so nobody hears of what happens there."""
