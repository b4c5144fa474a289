"""The fold equals a slow recount, viewer by viewer, in random broadcasts."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.world.audience import attendance, cohorts, figures
from emulator.world.audience.cohort import CohortCommand, CohortPlan
from emulator.world.audience.curves import Stay, level
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World

MINUTE_MS = 60_000
GONE_MS = 15_000

# An act, and the number of seconds after the act before it.
seconds = st.integers(1, 400)
acts = st.one_of(
    st.tuples(st.just("see"), st.integers(0, 4)),
    st.tuples(st.just("leave"), st.integers(0, 4)),
    st.tuples(st.just("read"), st.just(0)),
    st.tuples(st.just("reopen"), st.just(0)),
    st.tuples(st.just("reach"), st.integers(0, 40)),
    st.tuples(st.just("add"), st.integers(0, 40), st.integers(1, 900)),
    st.tuples(st.just("ramp"), st.integers(0, 40), st.integers(1, 900)),
)
act_lists = st.lists(st.tuples(seconds, acts), min_size=1, max_size=25)


@dataclass
class Person:
    """One viewer's stay. `leaves_ms` is the planned end of a simulated one."""

    came_ms: int
    leaves_ms: int | None = None
    gone_ms: int | None = None


@dataclass
class Recount:
    """All viewers, one by one, with figures that are only added up at the end."""

    simulated: list[Person] = field(default_factory=list)
    real: list[Person] = field(default_factory=list)
    seen: dict[int, tuple[Person, int]] = field(default_factory=dict)
    names: set[int] = field(default_factory=set)
    ramp: CohortPlan | None = None

    def present(self) -> list[Person]:
        return [person for person in self.simulated if person.gone_ms is None]

    def pass_until(self, now_ms: int) -> None:
        """Timeouts of real viewers, ends of stays, and a ramp's steps, in order."""
        for name, (person, seen_ms) in list(self.seen.items()):
            if seen_ms + GONE_MS <= now_ms:
                person.gone_ms = seen_ms + GONE_MS
                del self.seen[name]
        while True:
            leaving = [
                person.leaves_ms for person in self.present() if person.leaves_ms is not None
            ]
            stair = self.ramp.due_ms if self.ramp and not self.ramp.is_over else None
            due = min((at for at in [*leaving, stair] if at is not None), default=None)
            if due is None or due > now_ms:
                return
            for person in self.present():
                if person.leaves_ms == due:
                    person.gone_ms = due
            if self.ramp and stair == due:
                self.ramp.go_on()
                order = self.ramp.command
                height = level(order.curve, self.ramp.share)
                self.reach(round(order.start + (order.count - order.start) * height), due)

    def reach(self, count: int, now_ms: int) -> None:
        here = self.present()
        for _ in range(count - len(here)):
            self.simulated.append(Person(now_ms))
        # First the next to leave, then the next of those that stay to come.
        going = sorted(
            here,
            key=lambda person: (person.leaves_ms is None, person.leaves_ms or 0, person.came_ms),
        )
        for person in going[: max(0, len(here) - count)]:
            person.gone_ms = now_ms


@given(act_lists)
def test_audience_fold_equals_a_slow_recount(timed: list[tuple[int, tuple[object, ...]]]) -> None:
    # Given the same acts in a world and, viewer by viewer, in a recount,
    clock = ManualClock()
    world = World(clock=clock, publish=lambda _: None)
    ada = accounts.make(world, "ada", api_key="")
    stream = streams.start(world, streams.create(world, ada, StreamPatch({"title": "Evening"})))
    recount = Recount()
    began_ms = clock.now_ms()
    for number, (after, act) in enumerate(timed, 1):
        # Each act has its own milliseconds, so that no two things coincide by chance.
        at_ms = (clock.now_ms() // 1_000 + after) * 1_000 + 20 * number
        clock.advance(at_ms - clock.now_ms())
        recount.pass_until(clock.now_ms())
        if act[0] in ("see", "leave"):
            _come_or_go(world, stream, recount, str(act[0]), int(str(act[1])))
        else:
            world = _happen(world, stream, recount, act)
        there = len(recount.seen) + len(recount.present())
        assert world.viewers.count(stream.id) == there
    clock.advance(999)
    recount.pass_until(clock.now_ms())

    # when the broadcast ends,
    ended = streams.end(world, stream)

    # then every figure equals the recount's.
    end_ms = clock.now_ms()
    people = [*recount.simulated, *recount.real]
    spans = [
        (person.came_ms, end_ms if person.gone_ms is None else person.gone_ms) for person in people
    ]
    totals = figures.totals(world, ended)
    assert totals.views == len(people)
    assert totals.uniques == len(recount.simulated) + len(recount.names)
    assert totals.watch_ms == sum(gone - came for came, gone in spans)
    assert totals.mean == round(totals.watch_ms / (end_ms - began_ms), 2)
    instants = sorted({at for span in spans for at in span})
    assert totals.peak == max((_watching(spans, at) for at in instants), default=0)
    assert ended.peak_viewer_count == totals.peak
    for at_ms, viewers in figures.timeline(world, ended, 1):
        assert viewers == _watching(spans, at_ms)
    stays: dict[int, int] = {}
    for came, gone in spans:
        stays[(gone - came) // MINUTE_MS] = stays.get((gone - came) // MINUTE_MS, 0) + 1
    for minute, percentage in figures.engagement(world, ended).retention:
        left = sum(count for stay, count in stays.items() if stay >= minute)
        assert percentage == round(100 * left / len(people), 2)
    world.close()


def _come_or_go(world: World, stream: Stream, recount: Recount, act: str, number: int) -> None:
    """A real viewer comes or leaves."""
    now_ms = world.now_ms
    if act == "leave":
        attendance.leave(world, stream, f"session {number}")
        if number in recount.seen:
            recount.seen.pop(number)[0].gone_ms = now_ms
        return
    attendance.see(world, stream, f"session {number}")
    recount.names.add(number)
    if number not in recount.seen:
        recount.real.append(Person(now_ms))
        recount.seen[number] = (recount.real[-1], now_ms)
    recount.seen[number] = (recount.seen[number][0], now_ms)


def _happen(world: World, stream: Stream, recount: Recount, act: tuple[object, ...]) -> World:
    """An order for simulated viewers, or a read of the figures."""
    kind, number = act[0], int(str(act[1]))
    now_ms = world.now_ms
    if kind == "read":
        figures.engagement(world, stream)
    elif kind == "reopen":
        attendance.settle(world, stream)
        # Sessions are in memory: a world that is opened again has lost them.
        if not recount.seen:
            reopened = World(clock=world.clock, publish=lambda _: None, facts=world.store)
            world.close()
            return reopened
    elif kind == "reach":
        cohorts.reach(world, stream, number)
        recount.ramp = None
        recount.reach(number, now_ms)
    elif kind == "add":
        stay_ms = int(str(act[2])) * 1_000 + 7
        cohorts.add(world, stream, number, stay=Stay("fixed", stay_ms))
        recount.simulated += [Person(now_ms, now_ms + stay_ms) for _ in range(number)]
    else:
        _ramp(world, stream, recount, number, int(str(act[2])) * 1_000)
    return world


def _ramp(world: World, stream: Stream, recount: Recount, to: int, for_ms: int) -> None:
    start = len(recount.present())
    cohorts.ramp(world, stream, to, for_ms=for_ms)
    order = CohortCommand(verb="ramp", count=to, start=start, for_ms=for_ms)
    recount.ramp = CohortPlan(order, "recount", world.now_ms)


def _watching(spans: list[tuple[int, int]], at_ms: int) -> int:
    return sum(came <= at_ms < gone for came, gone in spans)
