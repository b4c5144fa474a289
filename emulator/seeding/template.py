"""Template: a seed's facts, made once and then copied into each fresh world.

Applying a seed takes milliseconds, copying its pages a tenth of one, and undoing the changes of a
copy less than that (`Store.mark`). Seeded ids are the same in every copy. Seeded times are moved,
so that "two hours ago" in the seed is two hours before the second in which the copy begins; copies
of one second need no second move.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from emulator.core.clock import Clock, ManualClock
from emulator.core.events import Event
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.seeding.seed import Seed

_SEEDED_AT_MS = 1_767_225_600_000
# Columns with such a name contain instants; other milliseconds are durations.
_INSTANTS = ("at_ms", "_at_ms", "_start_ms")
# The key in `meta` of the instant at which the history ends and the world opens.
_OPENING = "opening_ms"


def seed_state(seed: "Seed", rules: RulesConfig) -> Store:
    """Make the facts of a seed, always the same bytes. It takes some 40 ms for the default seed."""
    from emulator.seeding.seed import apply_seed  # Late: most starts have the facts in an image.

    clock = ManualClock(_SEEDED_AT_MS - seed.length_ms)
    # The seed's history is not limited by the rules of the world that uses it.
    lenient = replace(rules, streams_per_user=0, chat_lines_per_minute=0, chat_repeats_max=0)
    world = World(clock=clock, publish=_ignore, rules=lenient, name="seed")
    try:
        apply_seed(world, seed, clock)
        with world.change():
            # A copy counts its own starts, so that its ids do not depend on the sowing, and has a
            # secret that no other copy has.
            world.store.write("DELETE FROM meta WHERE name IN ('starts', 'secret')")
            world.store.write("INSERT INTO meta VALUES (?, ?)", _OPENING, str(_SEEDED_AT_MS))
    except BaseException:  # If the seed is refused, close the world.
        world.close()
        raise
    return world.store


class Template:
    """A seed's facts, to be copied. The template owns the store `seeded_store` from now on."""

    def __init__(self, facts: Store) -> None:
        self._facts = facts
        self._shifts = _shifts(facts)

    def make(
        self, clock: Clock, publish: Callable[[Event], None], rules: RulesConfig, name: str
    ) -> World:
        """Make a fresh world in memory."""
        # Before the copy, since this connection has prepared the statements already.
        self._open_at(self._facts, clock.now_ms())
        return World(clock=clock, publish=publish, rules=rules, name=name, facts=self._facts)

    def restore(self, world: World) -> None:
        """Reset a world to this seed, as if it were made now.

        If the process is killed meanwhile, a world on the disk is either unchanged or at this seed:
        times are moved before its pages are copied, and the copy is one transaction.
        """
        if world.is_on_disk:
            self._open_at(self._facts, world.now_ms)
        world.load(self._facts, lambda store: self._open_at(store, world.now_ms))

    def close(self) -> None:
        self._facts.close()

    def _open_at(self, facts: Store, now_ms: int) -> None:
        """Move the history, so that it ends with the second that has begun."""
        opening_ms = now_ms - now_ms % 1000
        opened_ms = facts.number("SELECT value FROM meta WHERE name = ?", _OPENING)
        if opening_ms == opened_ms:
            return
        with facts.change():
            for sql, count in self._shifts:
                facts.write(sql, *[opening_ms - opened_ms] * count)
            facts.write("UPDATE meta SET value = ? WHERE name = ?", str(opening_ms), _OPENING)


def _shifts(facts: Store) -> list[tuple[str, int]]:
    """A statement for each table with instants that moves all of them, with their number."""
    shifts = []
    for table, columns in facts.columns().items():
        instants = [name for name in columns if name == "at_ms" or name.endswith(_INSTANTS)]
        if instants and facts.row(f"SELECT 1 FROM {table} LIMIT 1"):
            moves = ", ".join(f"{name} = {name} + ?" for name in instants)
            shifts.append((f"UPDATE {table} SET {moves}", len(instants)))
    return shifts


def _ignore(_: Event) -> None:
    """Drop an event: a template has no subscribers."""
