"""Attendance: the viewers that come to a stream and go, real and simulated.

What follows from it is in `ledger`. Whatever is noticed late is written at the time at which it
was: a viewer who fell silent is gone from the instant at which that had lasted too long.
"""

from collections.abc import Mapping
from functools import partial

from emulator.core.errors import Refused
from emulator.core.events.audience import ViewerJoined, ViewersLeft, ViewersSimulated
from emulator.world.audience import ledger, orders
from emulator.world.audience.cohort import Cohort, CohortCommand, Mix
from emulator.world.audience.ledger import UNKNOWN_COUNTRY, Visitor, WatchedStream
from emulator.world.world import World

__all__ = ["SIMULATED_MAX", "UNKNOWN_COUNTRY", "Visitor", "WatchedStream"]

SIMULATED_MAX = 10_000_000
# A live stream keeps its crowd's orders; so many of them are enough for any stream.
ORDERS_MAX = 10_000
_BEATS = 10
_BEAT_MIN_MS = 10_000
_RETRY_MS = 5_000


def see(
    world: World,
    stream: WatchedStream,
    session: str,
    *,
    is_signed_in: bool = False,
    country: str = UNKNOWN_COUNTRY,
    device: str = ledger.UNKNOWN_DEVICE,
    referrer: str = ledger.DIRECT,
) -> None:
    """A real viewer of a live stream shows that it is still there, or has come.

    One more than `viewers_max` of a stream is served and not counted.
    """
    if see_again(world, stream, session):
        return
    settle(world, stream)
    if world.viewers.real(stream.id) >= world.rules.viewers_max:
        return
    visitor = Visitor(is_signed_in=is_signed_in, country=country, device=device, referrer=referrer)
    world.store.note(partial(_arrive, world, stream, session, visitor))
    _look_again(world, stream)


def _arrive(world: World, stream: WatchedStream, session: str, visitor: Visitor) -> None:
    """Write down that a real viewer has come. Inside a change."""
    world.viewers.see(stream.id, session)
    world.store.when_undone(lambda: world.viewers.leave(stream.id, session))
    now_ms = world.now_ms
    before = world.store.row(
        "SELECT row FROM audience_sessions WHERE stream_row = ? AND session = ?",
        stream.pk,
        session,
    )
    world.store.write(
        "INSERT INTO audience_sessions (stream_row, session, joined_at_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (stream_row, session) DO UPDATE"
        " SET joined_at_ms = excluded.joined_at_ms, left_at_ms = NULL",
        stream.pk,
        session,
        now_ms,
    )
    cohort = _cohort(world, stream)
    viewers = ledger.write_down(world, stream, cohort, [(now_ms, 1)])
    ledger.note_visitor(world, stream, visitor, is_first=before is None)
    world.emit(ViewerJoined(at_ms=now_ms, stream_id=stream.id, viewers=viewers))


def see_again(world: World, stream: WatchedStream, session: str) -> bool:
    """A viewer that is counted already is still here. False if it is not counted."""
    return world.viewers.see_again(stream.id, session)


def leave(world: World, stream: WatchedStream, session: str) -> None:
    """A real viewer says goodbye."""
    settle(world, stream)
    left_ms = world.viewers.leave(stream.id, session)
    if left_ms is not None:
        gone = [(session, world.now_ms)]
        is_written = world.store.note(lambda: _depart(world, stream, _cohort(world, stream), gone))
        if not is_written:
            # It falls silent, and is lost by itself once that can be written.
            world.viewers.take_back(stream.id, [(session, left_ms)])
            _look_again(world, stream)


def settle(world: World, stream: WatchedStream) -> None:
    """Write down all that has happened to a stream's audience up to this instant.

    What cannot be written down now is left to the next time.
    """
    cohort = world.cohorts.find(stream.id)
    if world.viewers.has_silent(stream.id) or (cohort and cohort.tally.is_due):
        world.store.note(partial(_settle, world, stream))


def _settle(world: World, stream: WatchedStream) -> None:
    cohort = _cohort(world, stream)
    _depart(world, stream, cohort, _lose(world, stream))
    if cohort:
        ledger.tell(world, stream, cohort)


def _cohort(world: World, stream: WatchedStream, at_ms: int | None = None) -> Cohort | None:
    """A stream's crowd, for a change: where that fails, it is as if it had not been looked at."""
    world.store.when_undone(partial(world.cohorts.make_again, stream.id, stream.pk))
    return world.cohorts.find(stream.id, at_ms)


def _lose(world: World, stream: WatchedStream) -> list[tuple[str, int]]:
    """Remove the viewers that have fallen silent, inside a change."""
    gone = world.viewers.lose(stream.id)
    if gone:
        world.store.when_undone(partial(world.viewers.take_back, stream.id, gone))
    return gone


def settle_of(world: World, user_pk: int) -> None:
    """Write down what is due of the audiences of all that a user streams now."""
    for row in world.store.rows(
        "SELECT row, id, status FROM streams WHERE user_row = ? AND status = 'live'", user_pk
    ):
        settle(world, ledger.StreamRef(*row))


def settle_all(world: World) -> None:
    """Write down what is due of all streams that have simulated viewers."""
    for stream_id in world.cohorts.live():
        _write_down(world, stream_id)


def simulate(
    world: World,
    stream: WatchedStream,
    count: int,
    *,
    countries: Mapping[str, float] | None = None,
    signed_in_share: float = 0.0,
) -> None:
    """Let `count` simulated viewers watch from now on: some come, or the first ones leave.

    `countries` are shares of those who come, by ISO 3166 code; what they leave is unknown.
    Refuses (`conflict`) a stream that is not live, (`invalid`) numbers out of bounds.
    """
    mix = Mix(countries=countries or {}, signed_in=signed_in_share)
    order(world, stream, CohortCommand(verb="set", count=count, mix=mix))


def order(world: World, stream: WatchedStream, command: CohortCommand) -> None:
    """Let a stream's simulated viewers do as they are told, from now on.

    Refuses (`conflict`) a stream that is not live or was told too much, (`invalid`) too many.
    """
    check_live(stream)
    cohort = world.cohorts.find(stream.id)
    others = cohort.count + cohort.to_come if cohort and command.verb == "add" else 0
    most = max(command.count, command.start) + others
    if min(command.count, command.start) < 0 or most > SIMULATED_MAX:
        raise Refused(
            "invalid", f"Simulated viewers are 0 to {SIMULATED_MAX}, not {command.count}."
        )
    if orders.count(world.store, stream.pk) >= ORDERS_MAX:
        raise Refused(
            "conflict",
            f"This stream has had {ORDERS_MAX} viewer changes, which is the limit."
            " End it and make a new one.",
        )
    settle(world, stream)
    now_ms = world.now_ms
    with world.change():
        world.store.when_undone(partial(world.cohorts.make_again, stream.id, stream.pk))
        cohort = world.cohorts.find_or_make(stream.id)
        count_before = cohort.count
        orders.keep(world.store, stream.pk, now_ms, command)
        cohort.obey(command, now_ms)
        viewers = ledger.write_down(world, stream, cohort)
        ledger.tell(world, stream, cohort)
        _say(world, stream.id, cohort, viewers, viewers - cohort.count + count_before)
    _beat_later(world, stream.id, cohort)


def check_live(stream: WatchedStream) -> None:
    """Refuses (`conflict`) a stream that is not live."""
    if stream.status != "live":
        raise Refused("conflict", f"Stream is {stream.status}. Only a live one has viewers.")


def close(world: World, stream: WatchedStream, at_ms: int) -> None:
    """The stream has ended at `at_ms`, now or a while ago: everybody leaves, and nobody came since.

    But for viewers that came, and were counted, before the end was noticed.
    """
    with world.change():
        cohort = _cohort(world, stream, at_ms)
        gone = [(viewer, min(left_ms, at_ms)) for viewer, left_ms in _lose(world, stream)]
        world.store.when_undone(world.viewers.remember(stream.id))
        gone += [(viewer, at_ms) for viewer in world.viewers.forget(stream.id)]
        if cohort:
            cohort.leave(at_ms)
        _depart(world, stream, cohort, gone)
        if cohort:
            ledger.tell(world, stream, cohort)
            orders.forget(world.store, stream.pk)
            world.cohorts.forget(stream.id)
        ledger.cut(world, stream, at_ms)


def reopen(world: World) -> None:
    """Remove the viewers of when the world was left: their players know nothing of it now."""
    at_ms = world.store.last_at_ms()
    for row in world.store.rows("SELECT row, id, status FROM streams WHERE status = 'live'"):
        stream = ledger.StreamRef(*row)
        here = world.store.rows(
            "SELECT session, joined_at_ms FROM audience_sessions"
            " WHERE stream_row = ? AND left_at_ms IS NULL",
            stream.pk,
        )
        if here:
            gone = [(row["session"], max(at_ms, row["joined_at_ms"])) for row in here]
            with world.change():
                _depart(world, stream, world.cohorts.find(stream.id, at_ms), gone)


def present(world: World) -> dict[str, int]:
    """How many watch each stream that anybody came to and that goes on, by its id.

    Streams that nobody came to cost nothing, however many are live.
    """
    values = world.cohorts.counts()
    for stream_id, count in world.viewers.reals().items():
        values[stream_id] = values.get(stream_id, 0) + count
    return values


def peak(world: World, stream_id: str, written: int) -> int:
    """The most viewers at once, where `written` is what the store says of it.

    `present` has looked at all of this instant before.
    """
    cohort = world.cohorts.latest(stream_id)
    if cohort is None or not cohort.tally.points:
        return written
    return max(written, world.viewers.real(stream_id) + cohort.peak)


def _depart(
    world: World, stream: WatchedStream, cohort: Cohort | None, sessions: list[tuple[str, int]]
) -> None:
    """Write down what the crowd did, and that real viewers are gone, each since its instant."""
    for session, at_ms in sessions:
        row = world.store.row(
            "SELECT joined_at_ms FROM audience_sessions WHERE stream_row = ? AND session = ?",
            stream.pk,
            session,
        )
        if row:
            ledger.note_stay(world, stream, at_ms - row["joined_at_ms"], 1)
            world.store.write(
                "UPDATE audience_sessions SET left_at_ms = ? WHERE stream_row = ? AND session = ?",
                at_ms,
                stream.pk,
                session,
            )
    changes = [(at_ms, -1) for _, at_ms in sessions]
    viewers = ledger.write_down(world, stream, cohort, changes)
    if sessions:
        last_ms = max(at_ms for _, at_ms in sessions)
        world.emit(
            ViewersLeft(at_ms=last_ms, stream_id=stream.id, count=len(sessions), viewers=viewers)
        )


def _look_again(world: World, stream: WatchedStream) -> None:
    """Notice viewers that fall silent, as long as there are real ones."""
    viewers = world.viewers
    due_ms = viewers.next_loss_ms(stream.id)
    if due_ms is None or stream.id in viewers.timers:
        return
    if world.store.failure is not None:
        # Viewers that are silent already could not be written down: a little later perhaps.
        due_ms = max(due_ms, world.now_ms + _RETRY_MS)

    def look() -> None:
        viewers.timers.pop(stream.id, None)
        # The world may have gone on with other facts meanwhile.
        if world.viewers is viewers and not world.store.is_closed:
            settle(world, stream)
            _look_again(world, stream)

    viewers.timers[stream.id] = world.clock.call_at(due_ms, look)


def _beat_later(world: World, stream_id: str, cohort: Cohort) -> None:
    """Write a crowd's changes down now and then, and say so, while there are any."""
    cohorts = world.cohorts
    due_ms = cohort.next_ms()
    if due_ms is None or stream_id in cohorts.timers:
        return
    ticks = [plan.tick_ms for plan in cohort.plans]
    beat_ms = max(_BEAT_MIN_MS, _BEATS * min(ticks, default=0))
    # All streams' beats fall on the same instants, so that many of them cost few.
    beat_at_ms = -(-max(due_ms, world.now_ms + 1) // beat_ms) * beat_ms

    def beat() -> None:
        cohorts.timers.pop(stream_id, None)
        if world.cohorts is cohorts and not world.store.is_closed:
            _write_down(world, stream_id, is_said=True)
            current = cohorts.find(stream_id)
            if current is not None:
                _beat_later(world, stream_id, current)

    cohorts.timers[stream_id] = world.clock.call_at(beat_at_ms, beat)


def _write_down(world: World, stream_id: str, *, is_said: bool = False) -> None:
    """Write down how many viewers a crowd has; their traits are computed on request."""
    cohort = world.cohorts.find(stream_id)
    if cohort is None or not (cohort.tally.points or cohort.tally.arrived):
        return
    row = world.store.row("SELECT row, id, status FROM streams WHERE id = ?", stream_id)
    if row is None:
        return

    def write() -> None:
        shown = ledger.StreamRef(*row)
        viewers = ledger.write_down(world, shown, _cohort(world, shown))
        if is_said and cohort is not None:
            _say(world, stream_id, cohort, viewers, viewers)

    world.store.note(write)


def _say(world: World, stream_id: str, cohort: Cohort, viewers: int, before: int) -> None:
    world.emit(
        ViewersSimulated(
            at_ms=world.now_ms,
            stream_id=stream_id,
            simulated=cohort.count,
            viewers=viewers,
            before=before,
        )
    )
