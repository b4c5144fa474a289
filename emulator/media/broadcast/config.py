"""BroadcastConfig: the settings of live streams."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Duration, Flag, Flags, Named, Words
from emulator.media.track_waits import TrackWaits


class BroadcastConfig(Struct, frozen=True):
    """The settings of a live stream, except the reconnect window, which is a rule of its world."""

    media_wait_ms: Annotated[
        int,
        Duration("ms", 500),
        "how long a playlist request waits for a live stream's first segment",
    ] = 15_000
    renditions: Annotated[
        tuple[str, ...],
        Words(("720p", "480p", "360p", "240p", "144p", "1080p")),
        "renditions to make of each live stream; only sizes smaller than the stream are made",
        Flags.MEDIA,
    ] = ()
    renditions_behind_ms: Annotated[
        int, Duration("ms", 500), "how far renditions may fall behind; then the largest is dropped"
    ] = 3_000
    transcode_ingest: Annotated[
        bool,
        Flag(),
        "transcode media that HLS cannot carry (MP3, Speex, Sorenson H.263, 4:4:4 ...) to AAC or "
        "H.264; off: refuse it, as the platform does",
        Flags.MEDIA,
    ] = False
    transcode_behind_ms: Annotated[
        int,
        Duration("ms", 500),
        "how far transcode_ingest may fall behind; then pictures are dropped up to a key frame",
    ] = 3_000
    transcode_end_ms: Annotated[
        int,
        Duration("ms", 1),
        "how long transcode_ingest may go on after a publisher has left; then pictures are dropped,"
        " and after the same time again all that remains",
    ] = 10_000
    track_waits: TrackWaits = TrackWaits()
    ingest_history_ms: Annotated[
        int,
        Duration("s", 1_000),
        "ingest health kept of a live stream, 20 bytes a second; older samples are dropped",
        Named(key="ingest_history"),
    ] = 600_000
