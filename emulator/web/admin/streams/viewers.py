"""`/_emulator/streams/{id}/viewers`: simulated viewers, and the number of real ones.

The platform's own API never distinguishes the two.
"""

from typing import Annotated, Literal, TypedDict

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from emulator.core import quantities
from emulator.shapes.times import iso
from emulator.web.api.models import Milliseconds, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.audience import attendance, cohorts, figures
from emulator.world.audience.cohort import CohortPlan, Mix
from emulator.world.audience.curves import Arrivals, Curve, Stay
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.world import World

Verb = Literal["add", "set", "ramp", "spike", "churn", "raid"]


def _share(written: object) -> object:
    """Convert `40%` to a number from 0 to 1; other values stay as they are."""
    return quantities.share(written) if isinstance(written, str) else written


Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, le=1, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}]}),
]
Count = Annotated[Whole, Field(ge=0, le=attendance.SIMULATED_MAX)]
Shares = dict[str, Share]
PER_MINUTE_MIN = 0.000001
# The most numbers of a history.
HISTORY_MAX = 600


class ViewersOrder(Request):
    """A command: `for` in seconds or `3m`, shares as 0.4 or `40%`, `stay` as `lognormal(8m, 1.0)`.

    `count` is the number of viewers to reach (`set`), to add (`add`, `spike`) or to move to the
    stream `target` (`raid`). A `ramp` goes from `from` to `to`. `per_minute` is the share that a
    `churn` replaces.
    """

    model_config = ConfigDict(loc_by_alias=True)

    verb: Verb = "add"
    count: Count | None = None
    start: Count | None = Field(None, alias="from")
    to: Count | None = None
    for_ms: Milliseconds = Field(0, alias="for", ge=0, le=cohorts.FOR_MAX_MS)
    curve: Curve = "linear"
    arrivals: Arrivals = "poisson"
    stay: str | None = Field(None, max_length=80)
    per_minute: float | None = Field(
        None, ge=PER_MINUTE_MIN, le=cohorts.PER_MINUTE_MAX, allow_inf_nan=False
    )
    target: str | None = Field(None, max_length=100)
    countries: Shares = Field({}, max_length=300)
    devices: Shares = Field({}, max_length=300)
    referrers: Shares = Field({}, max_length=300)
    signed_in: Share = 0.0

    @model_validator(mode="after")
    def _is_whole(self) -> "ViewersOrder":
        needed = {"add": "count", "set": "count", "spike": "count", "ramp": "to"}
        needed |= {"churn": "per_minute", "raid": "target"}
        if getattr(self, needed[self.verb]) is None:
            raise ValueError(f"{self.verb} needs {needed[self.verb]}")
        return self

    @property
    def length(self) -> Stay | None:
        return Stay.parse(self.stay) if self.stay else None

    @property
    def mix(self) -> Mix:
        return Mix(
            countries=self.countries,
            devices=self.devices,
            referrers=self.referrers,
            signed_in=self.signed_in,
        )


class PlanShape(TypedDict):
    """A command in progress: `arrived` of `count` viewers have come.

    `share` of its time is over (0 to 1).
    """

    verb: str
    count: int
    arrived: int
    share: float


class ViewersShape(TypedDict):
    """`to_come` viewers are still to come.

    The traits are of all viewers so far, real and simulated.
    """

    stream_id: str
    viewers: int
    real: int
    simulated: int
    to_come: int
    peak: int
    plans: list[PlanShape]
    countries: dict[str, int]
    devices: dict[str, int]
    referrers: dict[str, int]


class ViewerCounts(TypedDict):
    stream_id: str
    title: str
    username: str
    viewers: int
    real: int
    simulated: int
    to_come: int
    peak: int


class ViewersList(TypedDict):
    """`viewers` is the sum of all streams."""

    streams: list[ViewerCounts]
    viewers: int


class HistoryQuery(Request):
    """`seconds` is the time before now, or before the stream's end."""

    seconds: int = Field(600, ge=1, le=604_800)


class ViewerHistory(TypedDict):
    """The viewers at `started_at`, and at every `interval_ms` after it, on the world's clock."""

    stream_id: str
    started_at: str
    interval_ms: int
    viewers: list[int]


@endpoint("GET", "/streams/{stream_id}/viewers")
def get_simulated_viewers(call: Call, stream_id: str) -> ViewersShape:
    """Read how many viewers of a stream are real and how many are simulated."""
    return _shape(call.world, streams.find(call.world, stream_id))


@endpoint("GET", "/viewers")
def list_viewers(call: Call) -> ViewersList:
    """Read how many viewers each live stream has, the most watched first."""
    world = call.world
    shapes = [_counts(world, stream) for stream in streams.live(world)]
    shapes.sort(key=lambda shape: -shape["viewers"])
    return {"streams": shapes, "viewers": sum(shape["viewers"] for shape in shapes)}


@endpoint("GET", "/streams/{stream_id}/viewers/history")
def get_viewer_history(call: Call, stream_id: str, query: HistoryQuery) -> ViewerHistory:
    """Read the viewers of a stream during the last minutes, up to now or to its end.

    At most 600 numbers: for ten minutes they are a second apart, for longer times accordingly more.
    Empty if the stream has not begun.
    """
    stream = streams.find(call.world, stream_id)
    interval_ms = 1000 * -(-query.seconds // HISTORY_MAX)
    span_ms = 1000 * query.seconds
    started_at_ms, viewers = figures.recent(call.world, stream, span_ms, interval_ms)
    return {
        "stream_id": stream.id,
        "started_at": iso(started_at_ms),
        "interval_ms": interval_ms,
        "viewers": viewers,
    }


@endpoint("POST", "/streams/{stream_id}/viewers", refuses=("conflict", "invalid"))
def simulate_viewers(call: Call, stream_id: str, body: ViewersOrder) -> ViewersShape:
    """Add, set, ramp, spike, churn or raid with simulated viewers."""
    world = call.world
    stream = streams.find(world, stream_id)
    _apply(world, stream, body)
    return _shape(world, streams.find(world, stream.id))


def _apply(world: World, stream: Stream, command: ViewersOrder) -> None:
    count, length, mix = command.count or 0, command.length, command.mix
    if command.verb == "add":
        cohorts.add(
            world,
            stream,
            count,
            for_ms=command.for_ms,
            curve=command.curve,
            arrivals=command.arrivals,
            stay=length,
            mix=mix,
        )
    elif command.verb == "set":
        cohorts.reach(world, stream, count, stay=length, mix=mix)
    elif command.verb == "spike":
        cohorts.spike(world, stream, count, for_ms=command.for_ms, mix=mix)
    else:
        _apply_gradually(world, stream, command)


def _apply_gradually(world: World, stream: Stream, command: ViewersOrder) -> None:
    length, mix = command.length, command.mix
    if command.verb == "ramp":
        cohorts.ramp(
            world,
            stream,
            command.to or 0,
            start=command.start,
            for_ms=command.for_ms,
            curve=command.curve,
            stay=length,
            mix=mix,
        )
    elif command.verb == "churn":
        rate = command.per_minute or 0.0
        cohorts.churn(world, stream, rate, for_ms=command.for_ms, stay=length, mix=mix)
    else:
        target = streams.find(world, command.target or "")
        cohorts.raid(world, stream, target, count=command.count, for_ms=command.for_ms, stay=length)


def _shape(world: World, stream: Stream) -> ViewersShape:
    attendance.settle(world, stream)
    cohort = world.cohorts.find(stream.id)
    return {
        "stream_id": stream.id,
        "viewers": world.viewers.count(stream.id),
        "real": world.viewers.real(stream.id),
        "simulated": cohort.count if cohort else 0,
        "to_come": cohort.to_come if cohort else 0,
        "peak": figures.totals(world, stream).peak,
        "plans": [_plan(plan) for plan in cohort.plans] if cohort else [],
        "countries": {
            country.code: country.viewers for country in figures.geography(world, stream)
        },
        "devices": figures.traits(world, stream, "device"),
        "referrers": figures.traits(world, stream, "referrer"),
    }


def _counts(world: World, stream: Stream) -> ViewerCounts:
    attendance.settle(world, stream)
    cohort = world.cohorts.find(stream.id)
    return {
        "stream_id": stream.id,
        "title": stream.title,
        "username": accounts.by_pk(world, stream.user_pk).username,
        "viewers": world.viewers.count(stream.id),
        "real": world.viewers.real(stream.id),
        "simulated": cohort.count if cohort else 0,
        "to_come": cohort.to_come if cohort else 0,
        "peak": streams.find(world, stream.id).peak_viewer_count,
    }


def _plan(plan: CohortPlan) -> PlanShape:
    return {
        "verb": plan.command.verb,
        "count": plan.command.count,
        "arrived": plan.arrived,
        "share": round(plan.share, 4),
    }
