"""From settings to the configuration of each part."""

from emulator import bounds
from emulator.media.track_waits import TrackWaits
from emulator.settings import Settings


def test_bounds_of_a_stream_s_tracks_are_settings() -> None:
    settings = Settings(
        data=":memory:",
        sound_wait_ms=1,
        promised_sound_wait_ms=2,
        picture_wait_ms=3,
        promised_picture_wait_ms=4,
        gap_wait_ms=500,
    )
    assert bounds.broadcasts(settings).track_waits == TrackWaits(1, 2, 3, 4, 500)
    # What is not set is as long as it is without settings.
    assert bounds.broadcasts(Settings(data=":memory:")).track_waits == TrackWaits()
