"""Health: a publisher's figures, and the warnings for its user."""

from collections.abc import Iterator

from emulator.media.broadcast.health import HealthReport, PublisherHealth
from emulator.media.ingest.encoders import Encoder
from emulator.media.packets import AudioTrack, Packet, VideoTrack

VIDEO = VideoTrack("h264", b"", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 48_000, 2, 1024)
NOW_MS = 1_767_225_600_000


def video(
    seconds: float, *, key_every: int = 60, begin_ms: int = 0, size: int = 1250
) -> Iterator[tuple[int, Packet]]:
    """Video at 30 frames per second, each with the time at which it arrives without a delay."""
    for index in range(round(30 * seconds)):
        at_ms = begin_ms + round(1000 * index / 30)
        yield (
            at_ms,
            Packet(VIDEO, 90 * at_ms, 90 * at_ms, 0, index % key_every == 0, bytes(size)),
        )


def audio(seconds: float, *, begin_ms: int = 0, offset_ms: int = 0) -> Iterator[tuple[int, Packet]]:
    for index in range(round(50 * seconds)):
        at_ms = begin_ms + 20 * index
        dts = 48 * (at_ms + offset_ms)
        yield at_ms, Packet(AUDIO, dts, dts, 1024, True, bytes(250))


def report_of(
    *streams: Iterator[tuple[int, Packet]],
    slowness: float = 1,
    health: PublisherHealth | None = None,
) -> HealthReport:
    health = health or PublisherHealth()
    arrivals = sorted(
        (arrival for stream in streams for arrival in stream), key=lambda arrival: arrival[0]
    )
    for at_ms, packet in arrivals:
        health.note([packet], NOW_MS + round(slowness * at_ms))
    return health.report(NOW_MS + round(slowness * arrivals[-1][0]))


def test_health_rates_are_those_of_the_last_seconds() -> None:
    report = report_of(video(7), audio(7))
    assert 297 <= report.video_kbits <= 303
    assert 98 <= report.audio_kbits <= 102
    assert 29.7 <= report.frame_rate <= 30.3
    assert report.pace is not None
    assert 0.98 <= report.pace <= 1.02
    assert report.key_frame_interval_ms == 2000
    assert report.warnings == ()


def test_health_names_codecs_as_players_do() -> None:
    both, silent = report_of(video(1), audio(1)), report_of(video(1))
    assert (both.video_codec, both.width, both.height) == ("avc1.42c01f", 1280, 720)
    assert (both.audio_codec, both.sample_rate, both.channels) == ("mp4a.40.2", 48_000, 2)
    assert (silent.video_codec, silent.audio_codec) == ("avc1.42c01f", None)


def test_health_describes_a_returning_publisher_again() -> None:
    health = PublisherHealth()
    report_of(video(1), audio(1), health=health)
    health.rejoin()
    assert report_of(audio(1), health=health).video_codec is None


def test_health_shows_nothing_before_a_measurement() -> None:
    report = PublisherHealth().report(NOW_MS)
    assert (report.video_kbits, report.frame_rate, report.pace, report.drift_ms) == (
        0,
        0,
        None,
        None,
    )
    assert report.warnings == ()


def test_health_warns_of_rare_key_frames_with_the_setting() -> None:
    health = PublisherHealth()
    report = report_of(video(25, key_every=300), audio(25), health=health)
    assert report.key_frame_interval_ms == 10_000
    settings: dict[Encoder, str] = {
        "obs": "Keyframe Interval 2 s",
        "ffmpeg": "-g 60",
        "gstreamer": "key-int-max=60",
    }
    for encoder, setting in settings.items():
        [line] = health.report(NOW_MS + 25_000, encoder).warnings
        assert "Key frames come only every 10 s" in line
        assert setting in line


def test_health_warning_lasts_until_the_publisher_returns() -> None:
    health = PublisherHealth()
    health.warn("Sound comes without its header.")
    assert health.report(NOW_MS).warnings == ("Sound comes without its header.",)
    health.rejoin()
    assert health.report(NOW_MS).warnings == ()


def test_health_warns_of_an_overdue_key_frame_before_it_comes() -> None:
    report = report_of(video(7, key_every=1000), audio(7))
    assert report.key_frame_interval_ms is None
    assert any("Key frames" in line for line in report.warnings)


def test_health_warns_of_a_publisher_that_cannot_keep_up() -> None:
    report = report_of(video(10), audio(10), slowness=1.5)
    assert any("cannot keep up" in line for line in report.warnings)


def test_health_stopped_publisher_has_no_rates() -> None:
    health = PublisherHealth()
    report_of(video(5), health=health)
    assert health.report(NOW_MS + 60_000).frame_rate < 2


def test_health_warns_of_audio_that_runs_ahead() -> None:
    report = report_of(video(6), audio(6, offset_ms=1500))
    assert report.drift_ms is not None
    assert 1400 <= report.drift_ms <= 1600
    assert any("Sound is sent 1.5 s ahead of the picture" in line for line in report.warnings)


def test_health_counts_gaps() -> None:
    report = report_of(video(3), video(3, begin_ms=8000))
    assert report.gaps == 1
    assert 5000 <= report.longest_gap_ms <= 5100
    assert any("holes or jumps" in line for line in report.warnings)


def test_health_names_missing_audio() -> None:
    assert any("sends no sound" in line for line in report_of(video(5)).warnings)
    assert any("sends no picture" in line for line in report_of(audio(5)).warnings)


def test_health_counts_a_return_and_no_gap() -> None:
    health = PublisherHealth()
    report_of(video(3), audio(3), health=health)
    health.rejoin()
    report = report_of(video(3), audio(3), health=health)
    assert (report.rejoins, report.gaps) == (1, 0)
