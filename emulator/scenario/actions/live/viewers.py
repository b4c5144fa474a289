"""`viewers.*`: viewers that come, stay and go, mostly simulated."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from emulator.scenario.actions.action import Action, AsyncTicks, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Count, Countries, Share, Stay, StreamRef, Text
from emulator.world.audience import cohorts
from emulator.world.audience.cohort import NOBODY_SPECIAL, Mix
from emulator.world.audience.curves import Arrivals, Curve

if TYPE_CHECKING:
    from emulator.scenario.actions.live.real_viewers import RealAudience

# The client of real viewers; `true` is a page: a player and the chat.
Real = Literal["hls", "chat", "whep"] | bool
# The referrer of a raid's viewers.
FROM_A_RAID = Mix(referrers={"raid": 1.0})


class _Crowd(Action):
    """The base of these actions: shares of countries, devices, referrers; the rest is unknown.

    `real` makes them real connections instead of simulated viewers, which needs a clock that runs.
    """

    stream: StreamRef
    real: Real = False
    countries: Countries = Field(default_factory=dict)
    devices: dict[Text, Share] = Field(default_factory=dict)
    referrers: dict[Text, Share] = Field(default_factory=dict)
    signed_in: Share = 0.0

    @property
    def mix(self) -> Mix:
        return Mix(
            countries=self.countries,
            devices=self.devices,
            referrers=self.referrers,
            signed_in=self.signed_in,
        )

    def _real_audience(self, context: RunContext) -> "RealAudience":
        """The real viewers of this step."""
        from emulator.scenario.actions.live.real_viewers import RealAudience

        return RealAudience(context, self.stream, self.real, self.mix, getattr(self, "stay", None))


class ViewersSet(_Crowd):
    """Set the number of viewers from now on.

    They are simulated; with `real: true` they are pages of signed-in people, each with a player and
    a chat socket; with `hls`, `chat` or `whep` only that part, or a player over WebRTC.
    """

    name: ClassVar[str] = "viewers.set"
    example: ClassVar[str] = "viewers.set: {stream: launch, count: 20}"
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)

    count: Count
    stay: Stay | None = None

    def run(self, context: RunContext) -> Awaitable[None] | None:
        if self.real:
            return self._real_audience(context).reach(self.count)
        stream = context.stream(self.stream)
        cohorts.reach(context.world, stream, self.count, stay=self.stay, mix=self.mix)
        return None


class ViewersAdd(_Crowd):
    """Add `count` viewers, at once or spread over `for`."""

    name: ClassVar[str] = "viewers.add"
    example: ClassVar[str] = "{viewers.add: {stream: launch, count: 100, stay: fixed(5m)}, for: 1m}"
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    may_last: ClassVar[bool] = True

    count: Count
    curve: Curve = "linear"
    arrivals: Arrivals = "poisson"
    stay: Stay | None = None

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            return self._real_audience(context).add(self.count, self.curve, self.arrivals)
        cohorts.add(
            context.world,
            context.stream(self.stream),
            self.count,
            for_ms=context.for_ms,
            curve=self.curve,
            arrivals=self.arrivals,
            stay=self.stay,
            mix=self.mix,
        )
        return iter((context.for_ms,))


class ViewersRamp(_Crowd):
    """Let the number of viewers follow a curve, `from` (or the current number) `to`, during `for`.

    Curves are linear, step, surge, bell and sawtooth. This ends earlier changes.
    """

    name: ClassVar[str] = "viewers.ramp"
    example: ClassVar[str] = (
        "{viewers.ramp: {stream: launch, from: 20, to: 500, curve: surge, stay:"
        ' "lognormal(8m, 1.0)", countries: {US: 40%, DE: 20%}}, for: 3m}'
    )
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    may_last: ClassVar[bool] = True
    must_last: ClassVar[bool] = True

    from_: Annotated[Count | None, Field(alias="from")] = None
    to: Count
    curve: Curve = "linear"
    stay: Stay | None = None

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            return self._real_audience(context).ramp(self.from_, self.to, self.curve)
        cohorts.ramp(
            context.world,
            context.stream(self.stream),
            self.to,
            for_ms=context.for_ms,
            start=self.from_,
            curve=self.curve,
            stay=self.stay,
            mix=self.mix,
        )
        return iter((context.for_ms,))


class ViewersSpike(_Crowd):
    """Add `count` viewers who come and go within `for`; all of them are there in its middle."""

    name: ClassVar[str] = "viewers.spike"
    example: ClassVar[str] = "{viewers.spike: {stream: launch, count: 5000}, for: 2m}"
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    may_last: ClassVar[bool] = True
    must_last: ClassVar[bool] = True

    count: Count

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            return self._real_audience(context).spike(self.count)
        stream = context.stream(self.stream)
        cohorts.spike(context.world, stream, self.count, for_ms=context.for_ms, mix=self.mix)
        return iter((context.for_ms,))


class ViewersChurn(_Crowd):
    """Let a share of the viewers go each minute, and others come in their place."""

    name: ClassVar[str] = "viewers.churn"
    example: ClassVar[str] = "{viewers.churn: {stream: launch, per_minute: 5%}, for: 10m}"
    before: ClassVar[tuple[str, ...]] = (
        "publish.start: launch",
        "viewers.set: {stream: launch, count: 20}",
    )
    may_last: ClassVar[bool] = True
    must_last: ClassVar[bool] = True

    per_minute: Share
    stay: Stay | None = None

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            return self._real_audience(context).churn(self.per_minute)
        cohorts.churn(
            context.world,
            context.stream(self.stream),
            self.per_minute,
            for_ms=context.for_ms,
            stay=self.stay,
            mix=self.mix,
        )
        return iter((context.for_ms,))


class ViewersRaid(Action):
    """Move viewers of one stream to another, all of them or `count`; with `real` real ones."""

    name: ClassVar[str] = "viewers.raid"
    example: ClassVar[str] = "viewers.raid: {from: launch, to: other}"
    before: ClassVar[tuple[str, ...]] = (
        "publish.start: launch",
        "publish.start: other",
        "viewers.set: {stream: launch, count: 20}",
    )
    may_last: ClassVar[bool] = True

    from_: Annotated[StreamRef, Field(alias="from")]
    to: StreamRef
    count: Count | None = None
    stay: Stay | None = None
    real: Real = False

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            from emulator.scenario.actions.live.real_viewers import RealAudience

            going = RealAudience(context, self.from_, self.real, NOBODY_SPECIAL, None)
            coming = RealAudience(context, self.to, self.real, FROM_A_RAID, self.stay)
            return going.raid(coming, self.count)
        cohorts.raid(
            context.world,
            context.stream(self.from_),
            context.stream(self.to),
            count=self.count,
            for_ms=context.for_ms,
            stay=self.stay,
        )
        return iter((context.for_ms,))
