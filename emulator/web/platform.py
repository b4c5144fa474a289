"""Platform: what the web layer needs of the rest, handed to it once by the server."""

from dataclasses import dataclass, field

from emulator.media.broadcasts import Broadcasts
from emulator.media.recording.recordings import Recordings
from emulator.media.shelf.shelves import Shelves
from emulator.world.world import World

# Clients look for the CDN's name inside the addresses they are given (contract, Media addresses).
CDN_NAME = "customer-emulator.cloudflarestream.com"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this platform is reached. No address ends in a slash; `media` is the CDN's name."""

    http: str
    media: str
    rtmp: str
    rtmps: str


@dataclass(slots=True)
class State:
    """Whether the server listens everywhere and is not about to stop."""

    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """`ready` is the ready file's content.

    `body_bytes_max` bounds a JSON request, `upload_bytes_max` an uploaded video (else 413).

    `admin_token`: what `/_emulator/` asks for, None where it is open.
    """

    world: World
    broadcasts: Broadcasts
    shelves: Shelves
    recordings: Recordings
    addresses: Addresses
    ready: dict[str, object]
    body_bytes_max: int
    upload_bytes_max: int
    admin_token: str | None
    state: State = field(default_factory=State)
