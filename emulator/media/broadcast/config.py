"""BroadcastConfig: how live streams are made."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Duration, Flag, Flags, Named, Words
from emulator.media.track_waits import TrackWaits


class BroadcastConfig(Struct, frozen=True):
    """How a live stream is made. How long one waits for its publisher is its world's rule."""

    media_wait_ms: Annotated[
        int,
        Duration("ms", 500),
        "how long a playlist that is asked for waits for a live stream's first segment",
    ] = 15_000
    renditions: Annotated[
        tuple[str, ...],
        Words(("720p", "480p", "360p", "240p", "144p", "1080p")),
        "sizes to make of each live stream as well, of those smaller than it",
        Flags.MEDIA,
    ] = ()
    renditions_behind_ms: Annotated[
        int, Duration("ms", 500), "how far renditions may fall behind; then the largest is given up"
    ] = 3_000
    transcode_ingest: Annotated[
        bool,
        Flag(),
        "decode what HLS cannot carry (MP3, Speex, Sorenson H.263, 4:4:4 ...) and encode it as AAC "
        "or H.264; off: refuse it, as the platform does",
        Flags.MEDIA,
    ] = False
    transcode_behind_ms: Annotated[
        int,
        Duration("ms", 500),
        "how far transcode_ingest may fall behind; then pictures are left out to a key frame",
    ] = 3_000
    transcode_end_ms: Annotated[
        int,
        Duration("ms", 1),
        "how long transcode_ingest may go on once a publisher has left; then pictures are left out,"
        " and after as long again whatever is left",
    ] = 10_000
    track_waits: TrackWaits = TrackWaits()
    ingest_history_ms: Annotated[
        int,
        Duration("s", 1_000),
        "ingest health kept of a live stream, 20 bytes a second; over it, the oldest go",
        Named(key="ingest_history"),
    ] = 600_000
