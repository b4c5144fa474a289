"""World: one isolated platform. Its nouns' verbs take it as their first argument."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from emulator.core.clock import Clock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.ids import Ids, secret_token
from emulator.world.audience.cohort_registry import CohortRegistry
from emulator.world.audience.viewers import Viewers
from emulator.world.discovery.pending import PendingSearches
from emulator.world.faults.faults import Faults
from emulator.world.rate_limiter import RateLimiter
from emulator.world.rules import RulesConfig
from emulator.world.store.database import open_database
from emulator.world.store.journal import Store

DEFAULT = "default"
T = TypeVar("T")
# How soon a fact that could not be written is tried again.
WRITE_RETRY_MS = 1_000


class World:
    """Facts, time, chance and rules of one platform. `publish` is the only way up.

    Ids depend on the world's name and on how often it was opened; what a seed holds has the same
    ids in every world. `facts` are what it begins with instead of a database at `path`; such a
    world is in memory, and comes back to them in no time (`Store.mark`).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        publish: Callable[[Event], None],
        rules: RulesConfig | None = None,
        name: str = DEFAULT,
        path: str = ":memory:",
        facts: Store | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.rules = rules or RulesConfig()
        # Where the addresses of pictures begin, for the caller of this moment.
        self.media_base: Callable[[], str] = str
        self._is_kept = facts is None
        self.is_on_disk = path != ":memory:" and facts is None
        self.store = Store(open_database(path)) if facts is None else facts.copy()
        self.store.publish = publish
        self.faults = Faults(self)
        if facts is not None:
            self.store.mark(facts)
        self.secret = ""
        self._begin()

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    @property
    def is_fresh(self) -> bool:
        """Nobody lives here yet: no seed has been applied."""
        return self.store.row("SELECT 1 FROM users LIMIT 1") is None

    def change(self) -> AbstractContextManager[None]:
        """One transaction: all of it, or nothing (see `Store.change`)."""
        return self.store.change()

    def insist(self, act: Callable[[], object]) -> None:
        """Make a change that tells of what has happened anyway: now, or once there is room.

        Any refusal but the store's own is the caller's, as far as it comes at once.
        """
        cohorts = self.cohorts

        def act_again() -> None:
            # The world may have gone on with other facts meanwhile.
            if self.cohorts is cohorts and not self.store.is_closed:
                self.insist(act)

        try:
            act()
        except Refused as refused:
            if refused is not self.store.failure:
                raise
            self.clock.call_at(self.now_ms + WRITE_RETRY_MS, act_again)

    def emit(self, event: Event | Burst) -> None:
        self.store.emit(event)

    def memory(self, kind: Callable[[Store], T]) -> T:
        """What a noun remembers of these facts: made when first asked for, forgotten with them."""
        memory: T | None = self._memories.get(kind)
        if memory is None:
            memory = self._memories[kind] = kind(self.store)
        return memory

    def load(self, facts: Store, then: Callable[[Store], None] = lambda _: None) -> None:
        """Forget everything, and go on with these facts. Nothing is published.

        `then` makes them what they are to be before anything happens.
        """
        self.store.load(facts)
        then(self.store)
        if not self._is_kept:
            self.store.mark(facts)
        self._begin()

    def close(self) -> None:
        self.faults.forget()
        self.searches.keep(self.store, self.now_ms)
        self.store.close()

    def _begin(self) -> None:
        """What is true beside the facts: chance, limits, and the viewers of now."""
        self.ids = Ids(self.name, self._count_start())
        # A loaded world has none of its own, and its users stay signed in.
        self.secret = self._keep("secret", lambda: self.secret or self._make_secret())
        self.rate_limiter = RateLimiter(self.clock)
        # In place, not anew: what waits for a fault of the old facts goes on.
        self.faults.forget()
        self.searches = PendingSearches()
        self.cohorts = CohortRegistry(self.store, self.clock)
        self._memories: dict[Callable[[Store], Any], Any] = {}
        self.viewers = Viewers(self.clock, self.rules.viewer_gone_ms, self.cohorts.count)

    def _make_secret(self) -> str:
        """What tokens are signed with: the system's randomness, which nobody can guess.

        Where time stands all is to be the same each time, tokens too.
        """
        if self.clock.keeps_machine_time:
            return secret_token()
        return Ids(f"{self.name}/secret").octets(32).hex()

    def _count_start(self) -> int:
        """How often this world was opened before: the epoch of its ids."""
        row = self.store.row("SELECT value FROM meta WHERE name = 'starts'")
        starts = int(row["value"]) if row else 0
        with self.change():
            self.store.write("INSERT OR REPLACE INTO meta VALUES ('starts', ?)", str(starts + 1))
        return starts

    def _keep(self, name: str, make: Callable[[], str]) -> str:
        """A value that is made once for this world and then stays."""
        row = self.store.row("SELECT value FROM meta WHERE name = ?", name)
        if row:
            return str(row["value"])
        value = make()
        with self.change():
            self.store.write("INSERT INTO meta VALUES (?, ?)", name, value)
        return value
