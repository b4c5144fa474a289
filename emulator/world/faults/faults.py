"""Faults: which of them are on in one world, what they strike, and what they have done.

Code that may be struck asks `are_on` first: where nothing is broken, that is all it costs.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from msgspec import Struct, field

from emulator.core.clock import Clock, Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.faults import FaultStarted, FaultStopped, FaultStruck
from emulator.core.ids import Ids
from emulator.world.faults.fault import Fault
from emulator.world.faults.reading import FaultRequest
from emulator.world.store.journal import Store

F = TypeVar("F", bound=Fault)

# What hears of each moment at which a fault of this kind could strike, and of its facts.
Observer = Callable[[type[Fault], Mapping[str, str]], None]

# So many may be on at once: each is looked at by whatever may be struck.
ON_MAX = 200


class Active(Struct, Generic[F], eq=False):
    """A fault that is on. `when_over` is called once it is stopped or its time has passed.

    A fault that has struck as often as it may is on no more, but what it struck stays struck until
    its time has passed.
    """

    id: str
    fault: F
    plan: FaultRequest
    started_ms: int
    chance: Ids
    struck: int = 0
    # How much of what it meets it has let pass.
    skipped: int = 0
    timer: Timer | None = None
    when_over: list[Callable[[], None]] = field(default_factory=list)
    # What a struck caller keeps of it, as long as it is on.
    remembered: dict[str, Any] = field(default_factory=dict)

    @property
    def until_ms(self) -> int | None:
        return self.started_ms + self.plan.for_ms if self.plan.for_ms else None

    @property
    def label(self) -> str:
        """What an answer says that it has made."""
        return f"{self.id} {self.fault.kind}"

    def end(self) -> None:
        """What waits for it waits no more."""
        waiting, self.when_over = self.when_over, []
        for go_on in waiting:
            go_on()


class FaultyWorld(Protocol):
    """What faults need of the world that they are on in."""

    name: str
    clock: Clock
    store: Store

    @property
    def now_ms(self) -> int: ...
    def change(self) -> AbstractContextManager[None]: ...
    def emit(self, event: Event) -> None: ...


class Faults:
    """For one world, as long as its facts are: a world that is reset is whole again."""

    def __init__(self, world: FaultyWorld) -> None:
        self._world = world
        self._on: dict[str, Active[Fault]] = {}
        self._count = 0
        # Set by who wants to learn what could be struck here.
        self.observer: Observer | None = None

    @property
    def are_on(self) -> bool:
        return bool(self._on) or self.observer is not None

    def all(self) -> list[Active[Fault]]:
        """Those that are on, in the order in which they began."""
        return list(self._on.values())

    def on(self, kind: type[F]) -> "list[Active[F]]":
        """Those of one kind that are on."""
        actives = [active for active in self._on.values() if isinstance(active.fault, kind)]
        return cast("list[Active[F]]", actives)

    def start(self, plan: FaultRequest) -> Active[Fault]:
        """From now on it strikes. Refuses (`conflict`) more than `ON_MAX` at once."""
        if len(self._on) >= ON_MAX:
            raise Refused("conflict", f"There are {ON_MAX} faults on. Clear some.")
        world = self._world
        self._count += 1
        fault_id = f"fault-{self._count}"
        # A random generator of its own: what is struck depends on no other draw in this world.
        chance = Ids(f"{world.name}/{fault_id}")
        active = Active(fault_id, plan.fault, plan, world.now_ms, chance)
        self._on[fault_id] = active
        with world.change():
            world.store.when_undone(partial(self._on.pop, fault_id, None))
            world.emit(
                FaultStarted(
                    at_ms=world.now_ms,
                    fault_id=fault_id,
                    kind=plan.fault.kind,
                    values=plan.fault.values(),
                    share=plan.share,
                    times=plan.times,
                )
            )
        if active.until_ms is not None:
            active.timer = world.clock.call_at(active.until_ms, lambda: self._expire(active))
        return active

    def stop(self, fault_id: str) -> None:
        """It strikes no more. Refuses (`not_found`) one that is not on."""
        active = self._on.get(fault_id)
        if active is None:
            raise Refused("not_found", f"There is no fault {fault_id[:40]} on.")
        self._stop(active, "stopped")

    def stop_kind(self, kind: str) -> int:
        """Stop all of one kind. Returns how many."""
        actives = [active for active in self.all() if active.fault.kind == kind]
        for active in actives:
            self._stop(active, "stopped")
        return len(actives)

    def clear(self) -> int:
        """Stop all. Returns how many were on."""
        actives = self.all()
        for active in actives:
            self._stop(active, "cleared")
        return len(actives)

    def forget(self) -> None:
        """The facts are replaced: nothing is broken in what comes next, and nobody is told."""
        actives, self._on, self._count = self.all(), {}, 0
        for active in actives:
            if active.timer is not None:
                active.timer.cancel()
            active.end()

    def strike(self, kind: type[F], subject: str, **facts: str) -> "Active[F] | None":
        """The fault of this kind that strikes now, if there is one; it is journalled.

        `subject` says to people what is struck, `facts` to faults.
        """
        self.observe(kind, **facts)
        for active in self.on(kind):
            if active.fault.meets(facts) and self.draws(active):
                self.note(active, subject)
                return active
        return None

    def observe(self, kind: type[Fault], **facts: str) -> None:
        """A fault of this kind could strike now. `strike` says so itself."""
        if self.observer is not None:
            self.observer(kind, facts)

    def note(self, active: "Active[F]", subject: str) -> None:
        """Journal one effect of a fault that is on."""
        active.struck += 1
        world = self._world
        struck = FaultStruck(
            at_ms=world.now_ms,
            fault_id=active.id,
            kind=active.fault.kind,
            subject=subject,
        )
        world.store.note(lambda: world.emit(struck))
        if active.struck == active.plan.times:
            self._leave(active, "has struck as often as it may")

    def draws(self, active: "Active[F]") -> bool:
        """Whether it strikes what it meets now: not what it skips, and only its share."""
        if active.skipped < active.plan.skip:
            active.skipped += 1
            return False
        share = active.plan.share
        return share >= 1 or active.chance.share() < share

    def _expire(self, active: "Active[Fault]") -> None:
        if active.id in self._on:
            self._leave(active, "its time has passed")
        active.end()

    def _stop(self, active: "Active[Fault]", reason: str) -> None:
        if active.timer is not None:
            active.timer.cancel()
        self._leave(active, reason)
        active.end()

    def _leave(self, active: "Active[F]", reason: str) -> None:
        del self._on[active.id]
        world = self._world
        stopped = FaultStopped(
            at_ms=world.now_ms,
            fault_id=active.id,
            kind=active.fault.kind,
            struck=active.struck,
            reason=reason,
        )
        # It strikes no more, also where that cannot be written down.
        world.store.note(lambda: world.emit(stopped))
