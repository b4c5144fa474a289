"""Platform: one world and all that serves it, as the web layer needs them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from emulator.core.bus import Bus
from emulator.core.world_clock import WorldClock
from emulator.media.broadcast.broadcasts import BroadcastConfig, Broadcasts
from emulator.media.hls.store import MediaStore
from emulator.media.recording.clips.queue import ClipQueue
from emulator.media.recording.jobs import JobRunners
from emulator.media.recording.recorder import Recorder
from emulator.media.recording.recordings import Recordings
from emulator.media.recording.simulated.loops import Loops
from emulator.media.recording.uploads.queue import UploadQueue
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.simulcast.simulcasts import Simulcasts
from emulator.seeding.seed import Seed
from emulator.shapes.addresses import Addresses, Reach, of_caller
from emulator.web.admin.callers import Callers
from emulator.web.http.request_log import RequestLog
from emulator.webhooks.webhooks import WebhookConfig, Webhooks
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.media.webrtc.peers import Peers
    from emulator.web.admin.folders import Folders
    from emulator.web.chat.chats import ChatConfig, Chats
    from emulator.web.worlds import Worlds


_NOWHERE = Addresses("", "", "", "")


class State(Struct):
    """Whether the server listens everywhere and is not about to stop."""

    is_ready: bool = False


class Snapshot(Struct, frozen=True):
    """A world's facts as they were at `at_ms`. `uids`: the media that they speak of."""

    name: str
    at_ms: int
    facts: Store
    uids: frozenset[str]


class Shared(Struct, kw_only=True):
    """What all worlds of this process share.

    `ready` is the ready file's content, `public` the addresses that others are told where they
    are not told their own (`reach`), `local` those by which this process reaches itself. All are
    known once everything listens.

    `body_bytes_max` bounds a JSON request, `upload_bytes_max` an uploaded video (else 413).
    `admin_token`: what `/_emulator/` asks for, empty where it is open. `callers`: whose pages may
    ask there, and by which names. `allowed_folders` and `steering_key`: which files a
    request there may name. `picture_turns`: uploaded pictures are decoded few at a time. `peers`
    are WebRTC's; None where no sockets are served at all.
    """

    media_store: MediaStore
    recordings: Recordings
    loops: Loops
    body_bytes_max: int
    upload_bytes_max: int
    admin_token: str
    requests: RequestLog
    callers: Callers = field(default_factory=Callers)
    allowed_folders: list[Path] = field(default_factory=list)
    steering_key: str = ""
    picture_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    job_runners: JobRunners = field(default_factory=JobRunners)
    public: Addresses = _NOWHERE
    local: Addresses = _NOWHERE
    reach: Reach | None = None
    ready: dict[str, object] = field(default_factory=dict)
    state: State = field(default_factory=State)
    peers: "Peers | None" = None

    @property
    def addresses(self) -> Addresses:
        """Where this platform is reached by the caller of this moment."""
        return of_caller() or self.public

    def media_base(self) -> str:
        return self.addresses.media

    @property
    def folders(self) -> "Folders":
        """Which files a request may name. Imported when the first one does."""
        from emulator.web.admin.folders import Folders

        return Folders(self.allowed_folders, self.steering_key)

    def foresee_peers(self, _: str) -> None:
        """A stream has media: its first WebRTC viewer need not wait for aiortc."""
        if self.peers is not None:
            self.peers.libraries.foresee()


class Platform(Struct, frozen=True, kw_only=True):
    """One world, what happens to its streams, and what it shares with the others.

    `seed` is what its seed is called: of a file's content, with a digest behind a `#`.
    """

    world: World
    clock: WorldClock
    seed: str
    bus: Bus
    broadcasts: Broadcasts
    recorder: Recorder
    upload_queue: UploadQueue
    clip_queue: ClipQueue
    chats: "Chats"
    webhooks: Webhooks
    simulcasts: Simulcasts
    worlds: "Worlds"
    shared: Shared
    snapshots: dict[str, Snapshot] = field(default_factory=dict)

    @property
    def media_store(self) -> MediaStore:
        return self.shared.media_store

    @property
    def recordings(self) -> Recordings:
        return self.shared.recordings

    @property
    def addresses(self) -> Addresses:
        return self.shared.addresses

    @property
    def ready(self) -> dict[str, object]:
        return self.shared.ready

    @property
    def state(self) -> State:
        return self.shared.state

    @property
    def body_bytes_max(self) -> int:
        return self.shared.body_bytes_max

    @property
    def upload_bytes_max(self) -> int:
        return self.shared.upload_bytes_max


class WorldConfig(Struct, frozen=True, kw_only=True):
    """What a world is made with. `sow` gives the facts of a seed (`--seed`).

    `seed` is the command line's. `parse` reads a seed file's content, for threads; refusals call it
    by the name beside it. Without it no request brings a seed.
    """

    make_clock: Callable[[], WorldClock]
    rules: RulesConfig
    broadcasts: BroadcastConfig
    tasks: asyncio.TaskGroup
    seed: str
    sow: Callable[[str, RulesConfig], Store]
    chats: "ChatConfig"
    webhooks: WebhookConfig
    simulcasts: SimulcastConfig
    worlds_max: int
    snapshots_max: int
    parse: Callable[[str, bytes], Seed] | None = None
