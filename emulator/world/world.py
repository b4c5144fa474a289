"""World: one isolated platform. The functions that read or change it take it as first argument."""

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
# Delay before a change that could not be written is tried again.
WRITE_RETRY_MS = 1_000


class World:
    """The state, clock, ids and rules of one platform.

    `publish` receives each event after its commit; it is the only way from the world to the layers
    above. Ids depend on the world's name and on how often it was opened; rows of a seed have the
    same ids in every world. `facts` is the store that the world begins with instead of a database
    at `path`; such a world is in memory, and can be reset to these facts quickly (`Store.mark`).
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
        # The base of picture addresses, as the caller of the current request reaches the server.
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
        """Whether the world has no users yet: no seed has been applied."""
        return self.store.row("SELECT 1 FROM users LIMIT 1") is None

    def change(self) -> AbstractContextManager[None]:
        """Open one transaction: all changes of the block, or none (see `Store.change`)."""
        return self.store.change()

    def insist(self, act: Callable[[], object]) -> None:
        """Record something that has already happened: call `act`, again later if the disk is full.

        Only the store's own refusal (nothing can be written) leads to another try, `WRITE_RETRY_MS`
        later. Any other refusal of the first try is raised.
        """
        cohorts = self.cohorts

        def act_again() -> None:
            # The world may have been reset or closed in the meantime.
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
        """Return the cache of this `kind`.

        It is created at the first call, and dropped when the world's state is replaced.
        """
        memory: T | None = self._memories.get(kind)
        if memory is None:
            memory = self._memories[kind] = kind(self.store)
        return memory

    def load(self, facts: Store, then: Callable[[Store], None] = lambda _: None) -> None:
        """Replace the world's whole state by a copy of `facts`. Nothing is published.

        `then` changes the copy before anything else happens, for example to move its times.
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
        """Set up the state outside of the database: ids, rate limits, faults, present viewers."""
        self.ids = Ids(self.name, self._count_start())
        # Loaded facts contain no secret. The old one is taken over, so users stay signed in.
        self.secret = self._keep("secret", lambda: self.secret or self._make_secret())
        self.rate_limiter = RateLimiter(self.clock)
        # The object stays, only its faults go: code that waits for a fault of the old state
        # continues.
        self.faults.forget()
        self.searches = PendingSearches()
        self.cohorts = CohortRegistry(self.store, self.clock)
        self._memories: dict[Callable[[Store], Any], Any] = {}
        self.viewers = Viewers(self.clock, self.rules.viewer_gone_ms, self.cohorts.count)

    def _make_secret(self) -> str:
        """Make the secret that signs tokens, from the system's randomness, which nobody can guess.

        Under a virtual clock all runs must be equal, tokens too: there the secret follows from the
        name.
        """
        if self.clock.keeps_machine_time:
            return secret_token()
        return Ids(f"{self.name}/secret").octets(32).hex()

    def _count_start(self) -> int:
        """Count this start; return how often the world was opened before (the epoch of its ids)."""
        row = self.store.row("SELECT value FROM meta WHERE name = 'starts'")
        starts = int(row["value"]) if row else 0
        with self.change():
            self.store.write("INSERT OR REPLACE INTO meta VALUES ('starts', ?)", str(starts + 1))
        return starts

    def _keep(self, name: str, make: Callable[[], str]) -> str:
        """Return the stored value of this name; the first call makes and stores it."""
        row = self.store.row("SELECT value FROM meta WHERE name = ?", name)
        if row:
            return str(row["value"])
        value = make()
        with self.change():
            self.store.write("INSERT INTO meta VALUES (?, ?)", name, value)
        return value
