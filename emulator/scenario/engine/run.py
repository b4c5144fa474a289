"""RunContext: what an action gets: the world, its clock, the names of the file, chance, the server.

A `Run` is shared by all of its steps; a `RunContext` is the run as one step sees it.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from emulator.core.errors import Refused
from emulator.core.ids import Chance
from emulator.core.world_clock import WorldClock
from emulator.scenario.clients.publisher import StreamPublisher
from emulator.scenario.clients.real_viewers import RealViewers
from emulator.scenario.language.scenario import Scenario, Step
from emulator.scenario.language.values.arithmetic import names_in, resolve
from emulator.world.library import recordings
from emulator.world.library.recordings import Vod
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class HttpResponse(Struct, frozen=True):
    """What an HTTP request was answered: `body` is JSON where it is, else text."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Server(Struct, kw_only=True):
    """What a run needs of the server it plays on. Empty where a world stands alone.

    `request` is called with a method, a path, a user's name (None: nobody) and a JSON body.
    `snapshot` keeps the world. Without an RTMP address, publishers are simulated.
    """

    http: str = ""
    ws: str = ""
    rtmp: str = ""
    rtmps: str = ""
    media: str = ""
    ca: str = ""
    request: Callable[[str, str, str | None, Any], Awaitable[HttpResponse]] | None = None
    snapshot: Callable[[str], object] | None = None
    # A user's API key, for a real socket.
    key_of: Callable[[str], str] | None = None
    # What was asked of the API in this world since the run began, by the names of `requests.count`.
    requests: Callable[[], Iterable[Mapping[str, Any]]] | None = None
    # Whether a publisher of this stream is connected.
    is_publishing: Callable[[str], bool] | None = None
    # Takes a user's film as an upload, with a title; gives its video's uid on the CDN.
    upload: Callable[[str, Path, str], Awaitable[str]] | None = None


class Run(Struct, kw_only=True):
    """What all steps of a run share. `streams`, `users` and `vods` map the file's names to ids."""

    world: World
    # The world's clock.
    clock: WorldClock
    scenario: Scenario
    server: Server = field(default_factory=Server)
    # Where files beside the scenario are; empty where it came without.
    folder: str = ""
    began_ms: int = 0
    # Nothing but the run moves time: it jumps to the next instant at which something is due.
    is_virtual: bool = True
    seed: int = 1
    # The world was made for this run: its ids may follow from the scenario's seed.
    is_own_world: bool = False
    streams: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    vods: dict[str, str] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    # What the chance of each step is called, by the step's number.
    chances: dict[int, str] = field(default_factory=dict)
    publishers: dict[str, StreamPublisher] = field(default_factory=dict)
    # Real viewers by their stream's id, and how they watch.
    real_viewers: dict[str, RealViewers] = field(default_factory=dict)
    note: Callable[[str], None] = print

    @property
    def is_machine_pace(self) -> bool:
        """Time passes as the machine's does. Only then can a real encoder keep up with it."""
        return not self.is_virtual and self.clock.speed == 1

    def fill(self, value: Any) -> Any:
        """A value with what was saved in place of its `$name`s."""
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if isinstance(value, str) and "$" in value and names_in(value):
            known = {name: f"${name}" for name in names_in(value)}
            return resolve(value, {**known, **self.saved})
        return value

    def count(self, what: str, by: int = 1) -> None:
        """Count something for the report, such as lines that slow mode refused."""
        self.counts[what] = self.counts.get(what, 0) + by


class RunContext(Struct, frozen=True):
    """The run, as `step` sees it."""

    run: Run
    step: Step

    @property
    def world(self) -> World:
        return self.run.world

    @property
    def now_ms(self) -> int:
        return self.run.world.now_ms

    @property
    def for_ms(self) -> int:
        return self.step.for_ms or 0

    def chance(self, purpose: str) -> Chance:
        """A stream of chance of this step's own: another step more does not change it."""
        run = self.run
        if not run.chances:
            run.chances.update(chance_names(run.scenario.steps))
        return Chance(run.seed, run.chances[self.step.number], purpose)

    def stream(self, ref: str | Mapping[Literal["owner"], str]) -> Stream:
        """The stream that a file means. Refuses (`not_found`) one that is not there yet."""
        return find_stream(self.run, ref)

    def user(self, name: str) -> User:
        """The account that a file means: one of its own, or one that lives in the world."""
        return find_user(self.run, name)

    def vod(self, name: str) -> Vod:
        return find_vod(self.run, name)


def chance_names(steps: Sequence[Step]) -> dict[int, str]:
    """By what the chance of each step is known: its name, or what it does where it has none.

    Not by its number, which changes with each step that is added above.
    """
    values: dict[int, str] = {}
    twins: dict[str, int] = {}
    for step in steps:
        name = step.name
        if not step.is_named:
            does = json.dumps(step.action.model_dump(exclude_unset=True), default=str)
            name = f"{step.action.name} {does}"
        twins[name] = twins.get(name, 0) + 1
        values[step.number] = name if twins[name] == 1 else f"{name} {twins[name]}"
    return values


def find_stream(run: Run, ref: str | Mapping[Literal["owner"], str]) -> Stream:
    if isinstance(ref, str):
        stream_id = run.streams.get(ref, ref)
        if stream_id == ref and not UUID.fullmatch(ref):
            raise Refused("not_found", f"There is no stream {ref} yet.")
        return streams.find(run.world, stream_id)
    owner = accounts.by_username(run.world, ref["owner"])
    own_streams = streams.of_user(run.world, owner)
    # The one that goes on, or is about to; of those that have ended the last.
    going = [stream for stream in own_streams if stream.status != "ended"] or own_streams
    if not going:
        raise Refused("not_found", f"{ref['owner']} has no stream.")
    return going[0]


def find_user(run: Run, name: str) -> User:
    user_id = run.users.get(name)
    if user_id is not None:
        return accounts.find(run.world, user_id)
    return accounts.by_username(run.world, name)


def find_vod(run: Run, name: str) -> Vod:
    """A VOD that a step made, or the one that a stream of this name left."""
    vod_id = run.vods.get(name)
    if vod_id is None:
        vod_id = find_stream(run, name).vod_id
    if vod_id is None:
        raise Refused("not_found", f"{name} has left no VOD yet.")
    return recordings.find(run.world, vod_id)
