"""`/_emulator/clock`: this world's time: read, stopped, run at another speed, advanced."""

from typing import Literal, TypedDict

from pydantic import Field

from emulator.core.errors import Refused
from emulator.core.world_clock import SPEED_MAX, SPEED_MIN, Mode, WorldClock
from emulator.platform.platform import Platform
from emulator.shapes.times import iso
from emulator.web.api.live.instants import Instant, milliseconds
from emulator.web.api.models import Milliseconds, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

ADVANCE_MAX_MS = 100 * 365 * 86_400_000


class ClockSet(Request):
    """`speed` without `mode` is enough to run. `now` sets the clock to a time in its future."""

    mode: Literal["real", "scaled", "virtual"] | None = None
    speed: float | None = Field(None, ge=SPEED_MIN, le=SPEED_MAX, allow_inf_nan=False)
    now: Instant | None = None


class ClockAdvance(Request):
    """`seconds` is a number, or a text such as `1m30s`."""

    seconds_ms: Milliseconds = Field(alias="seconds", ge=0, le=ADVANCE_MAX_MS)


class ClockShape(TypedDict):
    """`speed` is 0 if time stands. `ahead_seconds` is the lead over the machine's clock.

    `pending` is the number of things due later, and `next_due_at` the time of the first.
    """

    world: str
    mode: Mode
    speed: float
    now: str
    ahead_seconds: float
    pending: int
    next_due_at: str | None


@endpoint("GET", "/clock")
def get_clock(call: Call) -> ClockShape:
    """Read this world's clock."""
    return _shape(call.platform)


@endpoint("PUT", "/clock", refuses=("unavailable", "invalid"))
async def set_clock(call: Call, body: ClockSet) -> ClockShape:
    """Let this world's time run at the machine's pace, run at another speed, or stand."""
    clock = call.platform.clock
    speed = _speed(body, clock)
    now_ms = None if body.now is None else milliseconds(body.now)
    if now_ms is not None and now_ms < clock.now_ms():
        raise Refused("invalid", f"Time does not run backwards: it is {iso(clock.now_ms())}.")
    await clock.set(speed, now_ms)
    return _shape(call.platform)


@endpoint("POST", "/clock/advance", refuses=("unavailable", "invalid"))
async def advance_clock(call: Call, body: ClockAdvance) -> ClockShape:
    """Advance the clock at once. Answers when everything that became due has happened."""
    clock = call.platform.clock
    await clock.pass_time(body.seconds_ms)
    return _shape(call.platform)


def _speed(patch: ClockSet, clock: WorldClock) -> float | None:
    """Return the requested speed: 0 for standing, None for no change."""
    if patch.mode == "virtual":
        if patch.speed is not None:
            raise Refused("invalid", "A virtual clock stands. It has no speed; advance it.")
        return 0.0
    if patch.mode == "real":
        if patch.speed not in (None, 1.0):
            raise Refused("invalid", "A real clock's speed is 1. Use the mode scaled.")
        return 1.0
    if patch.mode == "scaled" and patch.speed is None:
        if clock.mode != "scaled":
            raise Refused("invalid", "A scaled clock needs a speed, such as 10.")
        return clock.speed
    return patch.speed


def _shape(platform: Platform) -> ClockShape:
    clock = platform.clock
    due_ms = clock.next_due_ms()
    return {
        "world": platform.world.name,
        "mode": clock.mode,
        "speed": clock.speed,
        "now": iso(clock.now_ms()),
        "ahead_seconds": clock.ahead_ms / 1000,
        "pending": clock.pending,
        "next_due_at": None if due_ms is None else iso(due_ms),
    }
