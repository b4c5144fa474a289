"""Template: what a fresh world begins with, made once from a seed and then copied.

Sowing a seed takes milliseconds; copying its pages a tenth of one, and taking back what happened
to a copy less than that (`Store.mark`). Ids of what is seeded are the same in every copy. Its times
are moved, so that what was "two hours ago" in the seed is two hours before the second in which the
copy begins: to the second, so that many of one second need no moving.
"""

from collections.abc import Callable

from msgspec.structs import replace

from emulator.core.clock import Clock, ManualClock
from emulator.core.events import Event
from emulator.seeding.seed import Seed, apply_seed
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store
from emulator.world.world import World

_SEEDED_AT_MS = 1_767_225_600_000
# A column with such a name holds an instant; other milliseconds are durations.
_INSTANTS = ("at_ms", "_at_ms", "_start_ms")
# Where facts say (in `meta`) at which instant their history ends and the world opens.
_OPENING = "opening_ms"


def seed_state(seed: Seed, rules: RulesConfig) -> Store:
    """The facts of a seed: the same bytes each time. Takes some 40 ms for the default one."""
    clock = ManualClock(_SEEDED_AT_MS - seed.length_ms)
    # What a seed says has happened, whatever the rules are that hold from now on.
    lenient = replace(rules, streams_per_user=0, chat_lines_per_minute=0, chat_repeats_max=0)
    world = World(clock=clock, publish=_ignore, rules=lenient, name="seed")
    try:
        apply_seed(world, seed, clock)
        with world.change():
            # A copy counts its own starts, so that its ids do not depend on the sowing, and has a
            # secret that no other copy has.
            world.store.write("DELETE FROM meta WHERE name IN ('starts', 'secret')")
            world.store.write("INSERT INTO meta VALUES (?, ?)", _OPENING, str(_SEEDED_AT_MS))
    except BaseException:  # A seed that is refused leaves no world behind.
        world.close()
        raise
    return world.store


class Template:
    """What was `seeded_store`, to be copied. The facts are its own from then on."""

    def __init__(self, facts: Store) -> None:
        self._facts = facts
        self._shifts = _shifts(facts)

    def make(
        self, clock: Clock, publish: Callable[[Event], None], rules: RulesConfig, name: str
    ) -> World:
        """A fresh world in memory."""
        # Before the copy: this connection knows the statements already.
        self._open_at(self._facts, clock.now_ms())
        return World(clock=clock, publish=publish, rules=rules, name=name, facts=self._facts)

    def restore(self, world: World) -> None:
        """Put a world back to this seed, as if it were made now.

        A process that is killed meanwhile leaves a world on the disk as it was, or at this seed:
        its pages are copied in one transaction, and the times in them are right before that.
        """
        if world.is_on_disk:
            self._open_at(self._facts, world.now_ms)
        world.load(self._facts, lambda store: self._open_at(store, world.now_ms))

    def close(self) -> None:
        self._facts.close()

    def _open_at(self, facts: Store, now_ms: int) -> None:
        """Let the history end with the second that has begun."""
        opening_ms = now_ms - now_ms % 1000
        opened_ms = facts.number("SELECT value FROM meta WHERE name = ?", _OPENING)
        if opening_ms == opened_ms:
            return
        with facts.change():
            for sql, count in self._shifts:
                facts.write(sql, *[opening_ms - opened_ms] * count)
            facts.write("UPDATE meta SET value = ? WHERE name = ?", str(opening_ms), _OPENING)


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
