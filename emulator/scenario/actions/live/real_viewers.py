"""Real viewers: `viewers.*` with real connections instead of simulated viewers."""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from emulator.core.errors import Refused
from emulator.core.ids import Chance
from emulator.scenario.actions.action import AsyncTicks
from emulator.scenario.clients.cast import ensure_user
from emulator.scenario.clients.chat_reader import ChatReader, Page
from emulator.scenario.clients.hls import HlsViewer
from emulator.scenario.clients.real_viewers import (
    VIEWERS_MAX,
    WHEP_VIEWERS_MAX,
    RealViewers,
    StayOf,
)
from emulator.scenario.clients.viewer import Kind, Viewer, ViewerIdentity
from emulator.scenario.engine.run import Run, RunContext
from emulator.world.audience import cohorts
from emulator.world.audience.cohort import Mix
from emulator.world.audience.curves import Arrivals, Curve, Stay, arrived, coming, level
from emulator.world.live.streams import Stream

# The interval at which the number of viewers is adjusted.
_TICK_MS = 500
_NAMES = "viewer"

StreamName = str | Mapping[Literal["owner"], str]


class RealAudience:
    """The real viewers of one stream, and those that one step adds."""

    def __init__(
        self,
        context: RunContext,
        stream: StreamName,
        real: bool | Literal["hls", "chat", "whep"],
        mix: Mix,
        stay: Stay | None,
    ) -> None:
        """Prepare the viewers. Refuses (`unavailable`) where time jumps."""
        self._context = context
        self._kind: Kind = "page" if real is True else real or "page"
        self._stream = context.stream(stream)
        self._crowd = real_viewers_of(context.run, self._stream, self._kind)
        self._mix = mix
        self._chance = context.chance("who")
        self._stay_of = _stay_of(stay, context.chance("stay"))

    async def reach(self, count: int) -> None:
        await self._crowd.reach(count, self._cast, self._stay_of)

    def add(self, count: int, curve: Curve, arrivals: Arrivals) -> AsyncTicks:
        chance = self._context.chance("arrivals") if arrivals == "poisson" else None
        came, done = 0, 0.0

        async def act(share: float) -> None:
            nonlocal came, done
            until = arrived(curve, share)
            more = coming(count, came, done, until, chance)
            came, done = came + more, until
            await self._come(more)

        return self._as_time_passes(act)

    def ramp(self, start: int | None, to: int, curve: Curve) -> AsyncTicks:
        begin = self._crowd.count if start is None else start

        async def act(share: float) -> None:
            await self.reach(begin + round((to - begin) * level(curve, share)))

        return self._as_time_passes(act)

    def spike(self, count: int) -> AsyncTicks:
        begin = self._crowd.count

        async def act(share: float) -> None:
            await self.reach(begin + round(count * level("bell", share)))

        return self._as_time_passes(act)

    def churn(self, per_minute: float) -> AsyncTicks:
        """Replace viewers: as many come as go."""
        minutes, gone = self._context.for_ms / 60_000, 0

        async def act(share: float) -> None:
            nonlocal gone
            leaving = math.floor(self._crowd.count * per_minute * minutes * share) - gone
            gone += leaving
            await self._crowd.go(leaving)
            await self._come(leaving)

        return self._as_time_passes(act)

    def raid(self, target: "RealAudience", count: int | None) -> AsyncTicks:
        """Move viewers to the target. Refuses (`invalid`) more than there are."""
        there, gone = self._crowd.count, 0
        going = there if count is None else count
        if going > there:
            raise Refused("invalid", f"Only {there} real viewers can go, not {going}.")
        world, for_ms = self._context.world, self._context.for_ms
        cohorts.announce_raid(world, self._stream, target._stream, going, for_ms)

        async def act(share: float) -> None:
            nonlocal gone
            more = round(going * share) - gone
            gone += more
            await self._crowd.go(more)
            await target._come(more)

        return self._as_time_passes(act)

    async def _come(self, count: int) -> None:
        await self._crowd.come(count, self._cast, self._stay_of)

    async def _as_time_passes(self, act: Callable[[float], Awaitable[None]]) -> AsyncTicks:
        """Call `act` repeatedly with the share of the step's time (0 to 1) that has passed."""
        began_ms, for_ms = self._context.now_ms, self._context.for_ms
        while (passed_ms := self._context.now_ms - began_ms) < for_ms:
            await act(passed_ms / for_ms)
            yield _TICK_MS
        await act(1.0)

    def _cast(self, number: int) -> ViewerIdentity:
        """The identity of a viewer by its number: country, device and account."""
        mix, draw = self._mix, self._chance
        payload = {
            "X-Emulator-Country": _drawn(mix.countries, draw),
            "X-Emulator-Device": _drawn(mix.devices, draw),
            "Referer": _referrer(_drawn(mix.referrers, draw)),
        }
        is_signed_in = self._kind in ("page", "chat") or draw.random() < mix.signed_in
        return ViewerIdentity(
            number=number,
            token=self._token(number) if is_signed_in and self._kind != "whep" else "",
            headers={name: value for name, value in payload.items() if value},
        )

    def _token(self, number: int) -> str:
        key_of = self._context.run.server.key_of
        user = ensure_user(self._context.world, f"{_NAMES}_{number}")
        return key_of(user.username) if key_of else ""


def _stay_of(stay: Stay | None, chance: Chance) -> StayOf:
    if stay is None:
        return lambda: None
    lengths = stay.lengths_ms()
    return lambda: lengths[int(chance.random() * len(lengths))]


def _drawn(shares: Mapping[str, float], chance: Chance) -> str:
    """Draw a name by its share; empty for the remaining share."""
    at = chance.random()
    for name, share in shares.items():
        at -= share
        if at < 0:
            return name
    return ""


def _referrer(host: str) -> str:
    return f"https://{host}/" if host else ""


def real_viewers_of(run: Run, stream: Stream, kind: Kind) -> RealViewers:
    """The stream's real viewers of a kind, perhaps none yet.

    Refuses (`unavailable`) where time jumps, or without a server.
    """
    server = run.server
    if run.is_virtual or not server.media:
        raise Refused("unavailable", "Real viewers need a server and a clock that runs.")
    playlist = f"{server.media}/{stream.uid}/manifest/stream.m3u8"
    offers = f"{server.media}/{stream.uid}/webRTC/play"

    def make(identity: ViewerIdentity) -> Viewer:
        if kind == "whep":
            # Imported late: only these viewers need WebRTC.
            from emulator.scenario.clients.whep import WhepViewer

            return WhepViewer(offers, identity, server.ca)
        player = HlsViewer(playlist, identity, server.ca)
        if kind == "hls":
            return player
        reader = ChatReader(server.ws, stream.id, identity, server.ca)
        return reader if kind == "chat" else Page(player, reader)

    most = WHEP_VIEWERS_MAX if kind == "whep" else VIEWERS_MAX
    return run.real_viewers.setdefault(f"{stream.id} {kind}", RealViewers(run.clock, make, most))
