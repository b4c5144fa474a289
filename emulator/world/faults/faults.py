"""Faults: which faults are on in one world, what they strike, and what they have done.

Code that a fault may strike asks `are_on` first: without any faults, that is its only cost.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from msgspec import Struct, field

from emulator.core.clock import Clock, Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.faults import FaultStarted, FaultStopped, FaultStruck
from emulator.core.ids import Ids
from emulator.world.faults.fault import Fault
from emulator.world.store.journal import Store

if TYPE_CHECKING:
    from emulator.world.faults.reading import FaultRequest

F = TypeVar("F", bound=Fault)

# A function called whenever a fault of this kind could strike, with the properties of what it
# meets.
Observer = Callable[[type[Fault], Mapping[str, str]], None]

# Faults that may be on at once: code that may be struck looks at each of them.
ON_MAX = 200


class Active(Struct, Generic[F], eq=False):
    """A fault that is on. `when_over` is called when it is stopped or its time has passed.

    A fault that has struck `times` times is no longer on, but things that it holds back (a hanging
    answer) are held until its time has passed.
    """

    id: str
    fault: F
    plan: "FaultRequest"
    started_ms: int
    chance: Ids
    struck: int = 0
    # The number of subjects that it has spared.
    skipped: int = 0
    timer: Timer | None = None
    when_over: list[Callable[[], None]] = field(default_factory=list)
    # State of the struck code, kept while the fault is on.
    remembered: dict[str, Any] = field(default_factory=dict)

    @property
    def until_ms(self) -> int | None:
        return self.started_ms + self.plan.for_ms if self.plan.for_ms else None

    @property
    def label(self) -> str:
        """The value of the header by which an answer names its fault."""
        return f"{self.id} {self.fault.kind}"

    def end(self) -> None:
        """Release all that waits for the end of this fault."""
        waiting, self.when_over = self.when_over, []
        for go_on in waiting:
            go_on()


class FaultyWorld(Protocol):
    """The part of a world that faults need."""

    name: str
    clock: Clock
    store: Store

    @property
    def now_ms(self) -> int: ...
    def change(self) -> AbstractContextManager[None]: ...
    def emit(self, event: Event) -> None: ...


class Faults:
    """The faults of one world. A reset of the world ends them."""

    def __init__(self, world: FaultyWorld) -> None:
        self._world = world
        self._on: dict[str, Active[Fault]] = {}
        self._count = 0
        # Set by an exploration, which learns what could be struck here.
        self.observer: Observer | None = None

    @property
    def are_on(self) -> bool:
        return bool(self._on) or self.observer is not None

    def all(self) -> list[Active[Fault]]:
        """The faults that are on, in the order in which they began."""
        return list(self._on.values())

    def on(self, kind: type[F]) -> "list[Active[F]]":
        """The faults of one kind that are on."""
        actives = [active for active in self._on.values() if isinstance(active.fault, kind)]
        return cast("list[Active[F]]", actives)

    def start(self, plan: "FaultRequest") -> Active[Fault]:
        """Start a fault. Refuses (`conflict`) more than `ON_MAX` at once."""
        if len(self._on) >= ON_MAX:
            raise Refused("conflict", f"There are {ON_MAX} faults on. Clear some.")
        world = self._world
        self._count += 1
        fault_id = f"fault-{self._count}"
        # The fault has its own random generator, so what it strikes does not depend on other draws.
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
        """Stop a fault. Refuses (`not_found`) one that is not on."""
        active = self._on.get(fault_id)
        if active is None:
            raise Refused("not_found", f"There is no fault {fault_id[:40]} on.")
        self._stop(active, "stopped")

    def stop_kind(self, kind: str) -> int:
        """Stop all faults of one kind. Returns how many."""
        actives = [active for active in self.all() if active.fault.kind == kind]
        for active in actives:
            self._stop(active, "stopped")
        return len(actives)

    def clear(self) -> int:
        """Stop all faults. Returns how many were on."""
        actives = self.all()
        for active in actives:
            self._stop(active, "cleared")
        return len(actives)

    def forget(self) -> None:
        """End all faults without events, because the world's state is replaced."""
        actives, self._on, self._count = self.all(), {}, 0
        for active in actives:
            if active.timer is not None:
                active.timer.cancel()
            active.end()

    def strike(self, kind: type[F], subject: str, **facts: str) -> "Active[F] | None":
        """Return the fault of this kind that strikes now, and journal it; None if none does.

        `subject` describes what is struck to people, `facts` are its properties for `Fault.meets`.
        """
        self.observe(kind, **facts)
        for active in self.on(kind):
            if active.fault.meets(facts) and self.draws(active):
                self.note(active, subject)
                return active
        return None

    def observe(self, kind: type[Fault], **facts: str) -> None:
        """Tell the observer that a fault of this kind could strike now. `strike` does so itself."""
        if self.observer is not None:
            self.observer(kind, facts)

    def note(self, active: "Active[F]", subject: str) -> None:
        """Journal that a fault has struck once."""
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
        """Whether it strikes what it has met: not the first `skip`, and only its `share`."""
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
        # The fault is over even if that cannot be written (full disk).
        world.store.note(lambda: world.emit(stopped))
