"""TrackWaits: how long a stream waits for a track that its publisher does not send (yet)."""

from msgspec import Struct


class TrackWaits(Struct, frozen=True):
    """Milliseconds on the publisher's own clock.

    A stream begins without sound when none has come `sound_wait_ms` after its first key frame
    (`promised_sound_wait_ms` where the publisher said that it would), and without a picture when
    none has come `picture_wait_ms` after its first sound (`promised_picture_wait_ms`). A track that
    stops for `gap_wait_ms` while the other goes on is filled.
    """

    sound_wait_ms: int = 500
    promised_sound_wait_ms: int = 2_000
    picture_wait_ms: int = 4_000
    promised_picture_wait_ms: int = 10_000
    gap_wait_ms: int = 500
