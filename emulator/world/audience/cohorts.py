"""Cohorts: simulated viewers that come and go together, by the verbs that move them.

What they refuse beside what is said below: `conflict` for a stream that is not live, `invalid` for
numbers out of bounds. A cohort is numbers and costs arithmetic (`cohort`).
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
    """Let `count` more come over `for_ms`, or at once. Without a `stay` they stay to the end."""
    _order(
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
    """Let there be `count` from now on: some come, or the next to leave go.

    Whatever was going on before is over.
    """
    _order(world, stream, CohortCommand(verb="set", count=count, stay=stay, mix=mix))


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
    """Let their number follow a curve, from `start` or from now's.

    Whatever was going on before is over. Viewers that leave meanwhile are replaced; later
    they leave as their stays end, or never.
    """
    begin = world.cohorts.count(stream.id) if start is None else start
    cohort_command = CohortCommand(
        verb="ramp", count=to, start=begin, for_ms=for_ms, curve=curve, stay=stay, mix=mix
    )
    _order(world, stream, cohort_command)


def spike(
    world: World, stream: WatchedStream, count: int, *, for_ms: int, mix: Mix = NOBODY_SPECIAL
) -> None:
    """Let `count` more come and go within `for_ms`; all of them are there in the middle of it."""
    half_ms = for_ms // 2
    if half_ms < 1:
        raise Refused("invalid", "A spike lasts for two milliseconds at least.")
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
    """Let a share of the viewers go each minute, and as many others come instead."""
    if not 0 < per_minute <= PER_MINUTE_MAX:
        raise Refused("invalid", f"A churn is more than 0 and up to {PER_MINUTE_MAX:g} a minute.")
    cohort_command = CohortCommand(
        verb="churn", per_minute=per_minute, for_ms=for_ms, stay=stay, mix=mix
    )
    _order(world, stream, cohort_command)


def raid(
    world: World,
    source: WatchedStream,
    target: WatchedStream,
    *,
    count: int | None = None,
    for_ms: int = 0,
    stay: Stay | None = None,
) -> int:
    """Let simulated viewers of one stream go over to another, all of them if nothing is said.

    They are as the viewers of `source` are, and come from a raid. Returns how many went. Refuses
    (`invalid`) more than are there, and a stream that raids itself.
    """
    attendance.check_live(source)
    attendance.check_live(target)
    if source.id == target.id:
        raise Refused("invalid", "A stream cannot raid itself.")
    there = world.cohorts.count(source.id)
    going = there if count is None else count
    if not 0 <= going <= there:
        raise Refused("invalid", f"There are only {there} simulated viewers, so {going} cannot go.")
    _check_room(world, target, going)
    mix = Mix(countries=_countries(world, source), referrers={"raid": 1.0})
    with world.change():
        _order(world, source, CohortCommand(verb="take", count=going))
        add(world, target, going, for_ms=for_ms, arrivals="even", stay=stay, mix=mix)
        announce_raid(world, source, target, going, for_ms)
    return going


def announce_raid(
    world: World, source: WatchedStream, target: WatchedStream, viewers: int, for_ms: int
) -> None:
    """So many viewers of one stream go over to another; the caller emits the event."""
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


def _order(world: World, stream: WatchedStream, command: CohortCommand) -> None:
    if not 0 <= command.for_ms <= FOR_MAX_MS:
        raise Refused("invalid", "An order to viewers lasts for up to seven days.")
    if command.verb in ("ramp", "churn") and not command.for_ms:
        raise Refused("invalid", f"A {command.verb} takes time: say for how long.")
    _check_mix(command.mix)
    cohort = world.cohorts.find(stream.id)
    if cohort and command.for_ms and len(cohort.plans) >= _PLANS_MAX:
        raise Refused("conflict", f"{_PLANS_MAX} cohorts are on their way to this stream.")
    attendance.order(world, stream, command)


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
    wrong = next((code for code in mix.countries if not _COUNTRY.fullmatch(code)), None)
    if wrong is not None:
        raise Refused("invalid", f"{wrong[:10]!r} is not a country; write two capital letters.")


def _check_shares(what: str, shares: Mapping[str, float]) -> None:
    if len(shares) > _NAMES_MAX or any(not 0 < len(name) <= _NAME_LENGTH_MAX for name in shares):
        raise Refused("invalid", f"{what} are up to {_NAMES_MAX} short names.")
    if not all(0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1.000001:
        raise Refused("invalid", f"The shares of {what} are 0 to 1, and 1 together at most.")


def _countries(world: World, stream: WatchedStream) -> dict[str, float]:
    """Where a stream's viewers come from, as shares."""
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
