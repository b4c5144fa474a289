"""Attendance: real and simulated viewers that come to a stream and leave it.

The figures that follow from it are in `ledger`. A change that is noticed late is recorded with the
time at which it happened: a viewer that sends nothing more has left when `viewer_gone_ms` were
over.
"""

from collections.abc import Mapping
from functools import partial

from emulator.core.errors import Refused
from emulator.core.events.audience import ViewerJoined, ViewersLeft, ViewersSimulated
from emulator.world.audience import commands, ledger
from emulator.world.audience.cohort import Cohort, CohortCommand, Mix
from emulator.world.audience.ledger import UNKNOWN_COUNTRY, ViewerTraits, WatchedStream
from emulator.world.world import World

__all__ = ["SIMULATED_MAX", "UNKNOWN_COUNTRY", "ViewerTraits", "WatchedStream"]

SIMULATED_MAX = 10_000_000
# Commands to the simulated viewers of one live stream; all of them are stored while it is live.
COMMANDS_MAX = 10_000
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
    """Record that a real viewer of a live stream is there: it has just come, or still watches.

    Viewers above the stream's `viewers_max` are served, but not counted.
    """
    if see_again(world, stream, session):
        return
    settle(world, stream)
    if world.viewers.real(stream.id) >= world.rules.viewers_max:
        return
    traits = ViewerTraits(
        is_signed_in=is_signed_in, country=country, device=device, referrer=referrer
    )
    world.store.note(partial(_arrive, world, stream, session, traits))
    _look_again(world, stream)


def _arrive(world: World, stream: WatchedStream, session: str, traits: ViewerTraits) -> None:
    """Record that a real viewer has come. Inside a change."""
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
    ledger.note_viewer(world, stream, traits, is_first=before is None)
    world.emit(ViewerJoined(at_ms=now_ms, stream_id=stream.id, viewers=viewers))


def see_again(world: World, stream: WatchedStream, session: str) -> bool:
    """Note that a counted viewer still watches. Returns False for a viewer that is not counted."""
    return world.viewers.see_again(stream.id, session)


def leave(world: World, stream: WatchedStream, session: str) -> None:
    """Record that a real viewer has said that it leaves."""
    settle(world, stream)
    left_ms = world.viewers.leave(stream.id, session)
    if left_ms is not None:
        gone = [(session, world.now_ms)]
        is_written = world.store.note(lambda: _depart(world, stream, _cohort(world, stream), gone))
        if not is_written:
            # The viewer is put back. It is removed like a silent one, once that can be written.
            world.viewers.take_back(stream.id, [(session, left_ms)])
            _look_again(world, stream)


def settle(world: World, stream: WatchedStream) -> None:
    """Record all changes of a stream's audience up to now.

    If they cannot be written (full disk), the next call tries again.
    """
    cohort = world.cohorts.find(stream.id)
    if world.viewers.has_silent(stream.id) or (cohort and cohort.tally.is_due):
        world.store.note(partial(_settle, world, stream))


def _settle(world: World, stream: WatchedStream) -> None:
    cohort = _cohort(world, stream)
    _depart(world, stream, cohort, _lose(world, stream))
    if cohort:
        ledger.write_traits(world, stream, cohort)


def _cohort(world: World, stream: WatchedStream, at_ms: int | None = None) -> Cohort | None:
    """Return a stream's cohort for a change. If the change fails, the cohort is restored."""
    world.store.when_undone(partial(world.cohorts.make_again, stream.id, stream.pk))
    return world.cohorts.find(stream.id, at_ms)


def _lose(world: World, stream: WatchedStream) -> list[tuple[str, int]]:
    """Remove the viewers that have been silent too long, inside a change."""
    gone = world.viewers.lose(stream.id)
    if gone:
        world.store.when_undone(partial(world.viewers.take_back, stream.id, gone))
    return gone


def settle_of(world: World, user_pk: int) -> None:
    """Record all due changes of the audiences of a user's live streams."""
    for row in world.store.rows(
        "SELECT row, id, status FROM streams WHERE user_row = ? AND status = 'live'", user_pk
    ):
        settle(world, ledger.StreamRef(*row))


def settle_all(world: World) -> None:
    """Record all due changes of all streams that have simulated viewers."""
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
    """Set the number of simulated viewers to `count`: some join, or the first ones leave.

    `countries` are shares of the new viewers by ISO 3166 code; the country of all others is
    unknown. Refuses (`conflict`) a stream that is not live, (`invalid`) numbers out of bounds.
    """
    mix = Mix(countries=countries or {}, signed_in=signed_in_share)
    apply(world, stream, CohortCommand(verb="set", count=count, mix=mix))


def apply(world: World, stream: WatchedStream, command: CohortCommand) -> None:
    """Apply a command to a stream's simulated viewers, from now on.

    Refuses (`conflict`) a stream that is not live or has had `COMMANDS_MAX` commands, (`invalid`)
    too many viewers.
    """
    check_live(stream)
    cohort = world.cohorts.find(stream.id)
    others = cohort.count + cohort.to_come if cohort and command.verb == "add" else 0
    most = max(command.count, command.start) + others
    if min(command.count, command.start) < 0 or most > SIMULATED_MAX:
        raise Refused(
            "invalid", f"Simulated viewers are 0 to {SIMULATED_MAX}, not {command.count}."
        )
    if commands.count(world.store, stream.pk) >= COMMANDS_MAX:
        raise Refused(
            "conflict",
            f"This stream has had {COMMANDS_MAX} viewer changes, which is the limit."
            " End it and make a new one.",
        )
    settle(world, stream)
    now_ms = world.now_ms
    with world.change():
        world.store.when_undone(partial(world.cohorts.make_again, stream.id, stream.pk))
        cohort = world.cohorts.find_or_make(stream.id)
        count_before = cohort.count
        commands.keep(world.store, stream.pk, now_ms, command)
        cohort.apply(command, now_ms)
        viewers = ledger.write_down(world, stream, cohort)
        ledger.write_traits(world, stream, cohort)
        _say(world, stream.id, cohort, viewers, viewers - cohort.count + count_before)
    _beat_later(world, stream.id, cohort)


def check_live(stream: WatchedStream) -> None:
    """Refuses (`conflict`) a stream that is not live."""
    if stream.status != "live":
        raise Refused("conflict", f"Stream is {stream.status}. Only a live one has viewers.")


def close(world: World, stream: WatchedStream, at_ms: int) -> None:
    """Remove all viewers of a stream that ended at `at_ms`, now or earlier.

    Simulated viewers stop coming at `at_ms`. Real viewers that came after it, before the end was
    noticed, stay counted as views.
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
            ledger.write_traits(world, stream, cohort)
            commands.forget(world.store, stream.pk)
            world.cohorts.forget(stream.id)
        ledger.cut(world, stream, at_ms)


def reopen(world: World) -> None:
    """Remove the viewers of this world's last run: their players do not know the new process."""
    at_ms = world.store.last_at_ms()
    for row in world.store.rows("SELECT row, id, status FROM streams WHERE status = 'live'"):
        stream = ledger.StreamRef(*row)
        sessions = world.store.rows(
            "SELECT session, joined_at_ms FROM audience_sessions"
            " WHERE stream_row = ? AND left_at_ms IS NULL",
            stream.pk,
        )
        if sessions:
            gone = [(row["session"], max(at_ms, row["joined_at_ms"])) for row in sessions]
            with world.change():
                _depart(world, stream, world.cohorts.find(stream.id, at_ms), gone)


def present(world: World) -> dict[str, int]:
    """Return how many viewers each live stream has that ever had one, by its id.

    Streams without any viewers cost nothing, however many are live.
    """
    counts = world.cohorts.counts()
    for stream_id, count in world.viewers.reals().items():
        counts[stream_id] = counts.get(stream_id, 0) + count
    return counts


def peak(world: World, stream_id: str, written: int) -> int:
    """Return the most viewers at once; `written` is the peak in the store.

    Call `present` first at this instant, which brings all cohorts up to date.
    """
    cohort = world.cohorts.latest(stream_id)
    if cohort is None or not cohort.tally.points:
        return written
    return max(written, world.viewers.real(stream_id) + cohort.peak)


def _depart(
    world: World, stream: WatchedStream, cohort: Cohort | None, sessions: list[tuple[str, int]]
) -> None:
    """Record the cohort's changes, and that real viewers have left, each at its own time."""
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
    """Set a timer that removes silent viewers, as long as there are real ones."""
    viewers = world.viewers
    due_ms = viewers.next_loss_ms(stream.id)
    if due_ms is None or stream.id in viewers.timers:
        return
    if world.store.failure is not None:
        # The departure of silent viewers could not be written, so the next try is a little later.
        due_ms = max(due_ms, world.now_ms + _RETRY_MS)

    def look() -> None:
        viewers.timers.pop(stream.id, None)
        # The world may have been reset or closed in the meantime.
        if world.viewers is viewers and not world.store.is_closed:
            settle(world, stream)
            _look_again(world, stream)

    viewers.timers[stream.id] = world.clock.call_at(due_ms, look)


def _beat_later(world: World, stream_id: str, cohort: Cohort) -> None:
    """Record a cohort's changes at intervals, with an event each, while there are any."""
    cohorts = world.cohorts
    due_ms = cohort.next_ms()
    if due_ms is None or stream_id in cohorts.timers:
        return
    ticks = [plan.tick_ms for plan in cohort.plans]
    beat_ms = max(_BEAT_MIN_MS, _BEATS * min(ticks, default=0))
    # The beats of all streams fall on the same instants, so many streams cost little more than one.
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
    """Record how many viewers a cohort has. Their traits are computed on request."""
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
