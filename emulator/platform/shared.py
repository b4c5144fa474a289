"""Shared: the parts that all worlds of a process share: media, addresses, limits, request log."""

import asyncio
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from emulator.media.hls.store import MediaStore
from emulator.media.recording.recordings import Recordings
from emulator.platform.config import PlatformConfig
from emulator.platform.request_log import RequestLog
from emulator.shapes.addresses import Addresses, Reach, of_caller
from emulator.world.store.journal import Store

if TYPE_CHECKING:
    from emulator.media.recording.jobs import JobSlots
    from emulator.media.recording.simulated.loops import Loops
    from emulator.media.webrtc.peers import Peers
    from emulator.media.webrtc.sessions.sessions import VideoSessions

_NOWHERE = Addresses("", "", "", "")


class State(Struct):
    """`is_ready`: the server listens everywhere. `is_stopping`: no new client is accepted."""

    is_ready: bool = False
    is_stopping: bool = False


class Shared(Struct, kw_only=True, dict=True):
    """For the event loop's thread.

    `ready` returns the ready file's content. `public` are the addresses for clients; with `reach`,
    each client gets those by which it reached the server. `local` are the addresses for this
    process itself. All are set once everything listens.

    `admin_token` guards `/_emulator/`; empty if it is open. `allowed_folders` and `steering_key`
    limit the files that an admin request may name. `picture_turns` limits how many uploaded
    pictures are decoded at once. `is_media_needed` says whether any world or snapshot shows the
    media of a CDN uid. `peers` are WebRTC's; None if no sockets are served. `schema_of` returns the
    JSON Schema of a kind of file, and raises `ValueError` for an unknown kind. `watch` makes a
    store in memory one that is compressed while it is not used.
    """

    media_store: MediaStore
    recordings: Recordings
    requests: RequestLog
    config: PlatformConfig
    admin_token: str = ""
    allowed_folders: list[Path] = field(default_factory=list)
    steering_key: str = ""
    public: Addresses = _NOWHERE
    local: Addresses = _NOWHERE
    reach: Reach | None = None
    ready: Callable[[], dict[str, object]] = dict
    state: State = field(default_factory=State)
    peers: "Peers | None" = None
    is_media_needed: Callable[[str], bool] = lambda _: True
    schema_of: Callable[[str], dict[str, object]] = lambda _: {}
    picture_turns: asyncio.Semaphore = field(default_factory=asyncio.Semaphore)
    watch: Callable[[Store], None] = lambda _: None

    def __post_init__(self) -> None:
        self.picture_turns = asyncio.Semaphore(self.config.pictures_at_once_max)

    @cached_property
    def loops(self) -> "Loops":
        """The simulated streams of all worlds, imported when the first one is watched."""
        from emulator.media.recording.simulated.loops import Loops

        return Loops(self.media_store)

    @cached_property
    def job_slots(self) -> "JobSlots":
        from emulator.media.recording.jobs import JobSlots

        return JobSlots()

    @property
    def addresses(self) -> Addresses:
        """The addresses by which the current caller reaches this platform."""
        return of_caller() or self.public

    def media_base(self) -> str:
        return self.addresses.media

    async def remove_media(self, uids: Iterable[str]) -> None:
        """Remove media from the disk, except media that a world or snapshot still shows."""
        for uid in uids:
            if self.media_store.has(uid) and not self.is_media_needed(uid):
                await self.media_store.delete(uid)

    def forget(self, world: str) -> None:
        """Remove a world's entries when its facts are replaced."""
        if "loops" in vars(self):
            self.loops.forget(world)
        self.requests.forget(world)

    def foresee_peers(self, _: str) -> None:
        """Load aiortc when a stream has media, so that its first WebRTC viewer need not wait."""
        if self.peers is not None:
            self.peers.libraries.foresee()

    def video_sessions(self) -> "VideoSessions | None":
        """The video sessions with media; None if no sockets are served."""
        return self.peers.rooms if self.peers is not None else None
