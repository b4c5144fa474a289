"""RunContext: what an action gets: the world, its clock, the file's names, randomness, the server.

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
from emulator.world.chat.messages import Said
from emulator.world.library import recordings
from emulator.world.library.recordings import Vod
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class HttpResponse(Struct, frozen=True):
    """The answer to an HTTP request: `body` is JSON where possible, else text."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Server(Struct, kw_only=True):
    """The parts of a server that a run uses. Empty where a world runs without a server.

    `request` is called with a method, a path, a user's name (None: no user) and a JSON body.
    `snapshot` saves the world. Without an RTMP address, publishers are simulated.
    """

    http: str = ""
    ws: str = ""
    rtmp: str = ""
    rtmps: str = ""
    media: str = ""
    ca: str = ""
    request: Callable[[str, str, str | None, Any], Awaitable[HttpResponse]] | None = None
    snapshot: Callable[[str], object] | None = None
    # Returns a user's API key, for a real socket.
    key_of: Callable[[str], str] | None = None
    # Returns the requests to the API in this world since the run began, by the names of
    # `requests.count`.
    requests: Callable[[], Iterable[Mapping[str, Any]]] | None = None
    # Whether a publisher of this stream is connected.
    is_publishing: Callable[[str], bool] | None = None
    # Uploads a user's film with a title; returns its video's uid on the CDN.
    upload: Callable[[str, Path, str], Awaitable[str]] | None = None


class Run(Struct, kw_only=True):
    """The state that all steps of a run share.

    `streams`, `users` and `vods` map the file's names to ids.
    """

    world: World
    # The world's clock.
    clock: WorldClock
    scenario: Scenario
    server: Server = field(default_factory=Server)
    # The folder of the scenario's files; empty without one.
    folder: str = ""
    began_ms: int = 0
    # Only the run moves time: it jumps to the next instant at which something is due.
    is_virtual: bool = True
    seed: int = 1
    # Whether the world was made for this run: its ids may then follow from the scenario's seed.
    is_own_world: bool = False
    streams: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    vods: dict[str, str] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    # The name of each step's random stream, by the step's number.
    chances: dict[int, str] = field(default_factory=dict)
    publishers: dict[str, StreamPublisher] = field(default_factory=dict)
    # Real viewers by their stream's id and kind.
    real_viewers: dict[str, RealViewers] = field(default_factory=dict)
    # The lines of this instant's floods. They are posted once all floods have been continued.
    lines: list[Said] = field(default_factory=list)
    note: Callable[[str], None] = print

    @property
    def is_machine_pace(self) -> bool:
        """Whether time passes at the machine's pace. Only then can a real encoder keep up."""
        return not self.is_virtual and self.clock.speed == 1

    def fill(self, value: Any) -> Any:
        """Replace `$name`s in a value by the saved values."""
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
    """The run as `step` sees it."""

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
        """A random stream for this step alone: an added step does not change it."""
        run = self.run
        if not run.chances:
            run.chances.update(chance_names(run.scenario.steps))
        return Chance(run.seed, run.chances[self.step.number], purpose)

    def stream(self, ref: str | Mapping[Literal["owner"], str]) -> Stream:
        """Find the stream that a file refers to.

        Refuses (`not_found`) one that does not exist yet.
        """
        return find_stream(self.run, ref)

    def user(self, name: str) -> User:
        """Find the account that a file refers to: one of its own, or one of the world."""
        return find_user(self.run, name)

    def vod(self, name: str) -> Vod:
        return find_vod(self.run, name)


def chance_names(steps: Sequence[Step]) -> dict[int, str]:
    """The names of the steps' random streams: a step's name, or its content without a name.

    The number is not used, because it changes with each step that is added above.
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
    # A current or future stream comes first; of ended ones, the last.
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
    """Find a VOD that a step made, or the one that a stream of this name left."""
    vod_id = run.vods.get(name)
    if vod_id is None:
        vod_id = find_stream(run, name).vod_id
    if vod_id is None:
        raise Refused("not_found", f"{name} has left no VOD yet.")
    return recordings.find(run.world, vod_id)
