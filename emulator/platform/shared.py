"""Shared: what all worlds of this process share: media, addresses, limits, the log of requests."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from emulator.core.bus import Handlers
from emulator.core.events.worlds import WorldReplaced
from emulator.core.service import Service
from emulator.media.hls.store import MediaStore
from emulator.media.recording.jobs import JobSlots
from emulator.media.recording.recordings import Recordings
from emulator.media.recording.simulated.loops import Loops
from emulator.platform.config import PlatformConfig
from emulator.platform.request_log import RequestLog
from emulator.shapes.addresses import Addresses, Reach, of_caller

if TYPE_CHECKING:
    from emulator.media.webrtc.peers import Peers
    from emulator.media.webrtc.sessions.sessions import VideoSessions

_NOWHERE = Addresses("", "", "", "")


class State(Struct):
    """`is_ready`: the server listens everywhere. `is_stopping`: nobody is let in any more."""

    is_ready: bool = False
    is_stopping: bool = False


class Shared(Struct, kw_only=True):
    """For the event loop's thread.

    `ready` is the ready file's content, `public` the addresses that others are told where they
    are not told their own (`reach`), `local` those by which this process reaches itself. All are
    known once everything listens.

    `admin_token`: what `/_emulator/` asks for, empty where it is open. `allowed_folders` and
    `steering_key`: which files a request there may name. `picture_turns`: uploaded pictures are
    decoded few at a time. `is_media_needed`: whether
    any world or snapshot shows what has this CDN uid. `peers` are WebRTC's; None where no sockets
    are served at all. `schema_of`: a kind of file as JSON Schema; raises `ValueError` for no kind.
    """

    media_store: MediaStore
    recordings: Recordings
    loops: Loops
    requests: RequestLog
    config: PlatformConfig
    admin_token: str = ""
    allowed_folders: list[Path] = field(default_factory=list)
    steering_key: str = ""
    job_slots: JobSlots = field(default_factory=JobSlots)
    public: Addresses = _NOWHERE
    local: Addresses = _NOWHERE
    reach: Reach | None = None
    ready: dict[str, object] = field(default_factory=dict)
    state: State = field(default_factory=State)
    peers: "Peers | None" = None
    is_media_needed: Callable[[str], bool] = lambda _: True
    schema_of: Callable[[str], dict[str, object]] = lambda _: {}
    picture_turns: asyncio.Semaphore = field(default_factory=asyncio.Semaphore)

    def __post_init__(self) -> None:
        self.picture_turns = asyncio.Semaphore(self.config.pictures_at_once_max)

    @property
    def addresses(self) -> Addresses:
        """Where this platform is reached by the caller of this moment."""
        return of_caller() or self.public

    def media_base(self) -> str:
        return self.addresses.media

    async def remove_media(self, uids: Iterable[str]) -> None:
        """Remove media from the disk, unless a world or a snapshot shows it."""
        for uid in uids:
            if self.media_store.has(uid) and not self.is_media_needed(uid):
                await self.media_store.delete(uid)

    def foresee_peers(self, _: str) -> None:
        """A stream has media: its first viewer by WebRTC need not wait for aiortc."""
        if self.peers is not None:
            self.peers.libraries.foresee()

    def video_sessions(self) -> "VideoSessions | None":
        """The video sessions with media; None where no sockets are served at all."""
        return self.peers.rooms if self.peers is not None else None


class Forgetting(Service):
    """What is remembered of one world beside those of others goes with its facts."""

    def __init__(self, world: str, shared: Shared) -> None:
        self._world = world
        self._shared = shared

    def handlers(self) -> Handlers:
        return {WorldReplaced: self._on_world_replaced}

    def _on_world_replaced(self, _: WorldReplaced) -> None:
        self._shared.loops.forget(self._world)
        self._shared.requests.forget(self._world)
