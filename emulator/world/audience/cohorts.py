"""Cohorts: functions that let simulated viewers come and leave.

All of them refuse (`conflict`) a stream that is not live and (`invalid`) numbers out of bounds;
what else one refuses is said there. A cohort is only numbers, so its size costs nothing (`cohort`).
"""

import re
from collections.abc import Mapping

from emulator.core.errors import Refused
from emulator.core.events.audience import StreamRaided
from emulator.world.audience import attendance, ledger
from emulator.world.audience.attendance import SIMULATED_MAX
from emulator.world.audience.cohort import NOBODY_SPECIAL, CohortCommand, Mix
from emulator.world.audience.curves import Arrivals, Curve, Stay
from emulator.world.audience.ledger import WatchedStream
from emulator.world.world import World

FOR_MAX_MS = 7 * 86_400_000
PER_MINUTE_MAX = 10.0
_PLANS_MAX = 100
_NAMES_MAX = 300
_NAME_LENGTH_MAX = 100
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def add(
    world: World,
    stream: WatchedStream,
    count: int,
    *,
    for_ms: int = 0,
    curve: Curve = "linear",
    arrivals: Arrivals = "poisson",
    stay: Stay | None = None,
    mix: Mix = NOBODY_SPECIAL,
) -> None:
    """Add `count` viewers over `for_ms`, or at once. Without a `stay` they stay to the end."""
    _apply(
        world,
        stream,
        CohortCommand(
            verb="add",
            count=count,
            for_ms=for_ms,
            curve=curve,
            arrivals=arrivals,
            stay=stay,
            mix=mix,
        ),
    )


def reach(
    world: World,
    stream: WatchedStream,
    count: int,
    *,
    stay: Stay | None = None,
    mix: Mix = NOBODY_SPECIAL,
) -> None:
    """Set the number of viewers to `count`: some join, or those that would leave next leave.

    All earlier commands end.
    """
    _apply(world, stream, CohortCommand(verb="set", count=count, stay=stay, mix=mix))


def ramp(
    world: World,
    stream: WatchedStream,
    to: int,
    *,
    for_ms: int,
    start: int | None = None,
    curve: Curve = "linear",
    stay: Stay | None = None,
    mix: Mix = NOBODY_SPECIAL,
) -> None:
    """Let the number of viewers follow a curve from `start`, or from the current number.

    All earlier commands end. During the ramp viewers that leave are replaced. After it they leave
    when their stays end, or never.
    """
    begin = world.cohorts.count(stream.id) if start is None else start
    cohort_command = CohortCommand(
        verb="ramp", count=to, start=begin, for_ms=for_ms, curve=curve, stay=stay, mix=mix
    )
    _apply(world, stream, cohort_command)


def spike(
    world: World, stream: WatchedStream, count: int, *, for_ms: int, mix: Mix = NOBODY_SPECIAL
) -> None:
    """Let `count` viewers come and leave within `for_ms`; in the middle all of them are there."""
    half_ms = for_ms // 2
    if half_ms < 1:
        raise Refused("invalid", "A spike must last at least two milliseconds.")
    stay = Stay("fixed", half_ms)
    add(world, stream, count, for_ms=half_ms, curve="bell", arrivals="even", stay=stay, mix=mix)


def churn(
    world: World,
    stream: WatchedStream,
    per_minute: float,
    *,
    for_ms: int,
    stay: Stay | None = None,
    mix: Mix = NOBODY_SPECIAL,
) -> None:
    """Replace a share of the viewers each minute by new ones."""
    if not 0 < per_minute <= PER_MINUTE_MAX:
        raise Refused(
            "invalid", f"A churn must be above 0 and at most {PER_MINUTE_MAX:g} per minute."
        )
    cohort_command = CohortCommand(
        verb="churn", per_minute=per_minute, for_ms=for_ms, stay=stay, mix=mix
    )
    _apply(world, stream, cohort_command)


def raid(
    world: World,
    source: WatchedStream,
    target: WatchedStream,
    *,
    count: int | None = None,
    for_ms: int = 0,
    stay: Stay | None = None,
) -> int:
    """Move simulated viewers from one stream to another, all of them without `count`.

    They keep the countries of the viewers of `source`, and their referrer is `raid`. Returns how
    many moved. Refuses (`invalid`) more viewers than `source` has, and a stream that raids itself.
    """
    attendance.check_live(source)
    attendance.check_live(target)
    if source.id == target.id:
        raise Refused("invalid", "A stream cannot raid itself.")
    present = world.cohorts.count(source.id)
    moving = present if count is None else count
    if not 0 <= moving <= present:
        raise Refused(
            "invalid", f"There are only {present} simulated viewers, so {moving} cannot leave."
        )
    _check_room(world, target, moving)
    mix = Mix(countries=_countries(world, source), referrers={"raid": 1.0})
    with world.change():
        _apply(world, source, CohortCommand(verb="take", count=moving))
        add(world, target, moving, for_ms=for_ms, arrivals="even", stay=stay, mix=mix)
        announce_raid(world, source, target, moving, for_ms)
    return moving


def announce_raid(
    world: World, source: WatchedStream, target: WatchedStream, viewers: int, for_ms: int
) -> None:
    """Emit that viewers of one stream have moved to another; the caller moves them."""
    with world.change():
        world.emit(
            StreamRaided(
                at_ms=world.now_ms,
                stream_id=source.id,
                target_id=target.id,
                viewers=viewers,
                for_ms=for_ms,
            )
        )


def _apply(world: World, stream: WatchedStream, command: CohortCommand) -> None:
    if not 0 <= command.for_ms <= FOR_MAX_MS:
        raise Refused("invalid", "A command to viewers lasts at most seven days.")
    if command.verb in ("ramp", "churn") and not command.for_ms:
        raise Refused("invalid", f"A {command.verb} needs a duration.")
    _check_mix(command.mix)
    cohort = world.cohorts.find(stream.id)
    if cohort and command.for_ms and len(cohort.plans) >= _PLANS_MAX:
        raise Refused(
            "conflict",
            f"This stream has {_PLANS_MAX} viewer changes in progress, which is the limit.",
        )
    attendance.apply(world, stream, command)


def _check_room(world: World, target: WatchedStream, count: int) -> None:
    cohort = world.cohorts.find(target.id)
    if cohort and cohort.count + cohort.to_come + count > SIMULATED_MAX:
        raise Refused("invalid", f"Simulated viewers are 0 to {SIMULATED_MAX}.")


def _check_mix(mix: Mix) -> None:
    if not 0 <= mix.signed_in <= 1:
        raise Refused("invalid", "The signed-in share is 0 to 1.")
    for what, shares in (
        ("countries", mix.countries),
        ("devices", mix.devices),
        ("referrers", mix.referrers),
    ):
        _check_shares(what, shares)
    invalid = next((code for code in mix.countries if not _COUNTRY.fullmatch(code)), None)
    if invalid is not None:
        raise Refused(
            "invalid", f"{invalid[:10]!r} is not a country code; write two capital letters."
        )


def _check_shares(what: str, shares: Mapping[str, float]) -> None:
    if len(shares) > _NAMES_MAX or any(not 0 < len(name) <= _NAME_LENGTH_MAX for name in shares):
        raise Refused(
            "invalid", f"{what}: at most {_NAMES_MAX} names of 1 to {_NAME_LENGTH_MAX} characters."
        )
    if not all(0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1.000001:
        raise Refused("invalid", f"The shares of {what} must be 0 to 1, and at most 1 together.")


def _countries(world: World, stream: WatchedStream) -> dict[str, float]:
    """Return the countries of a stream's viewers as shares (0 to 1)."""
    attendance.settle(world, stream)
    rows = world.store.rows(
        "SELECT country, viewers FROM audience_countries WHERE stream_row = ? AND viewers > 0"
        " ORDER BY country",
        stream.pk,
    )
    total = sum(row["viewers"] for row in rows) or 1
    return {
        row["country"]: row["viewers"] / total
        for row in rows
        if row["country"] != ledger.UNKNOWN_COUNTRY
    }
