"""Ingest history: one sample per second, in a ring."""

import pytest

from emulator.media.broadcast.health import PublisherHealth
from emulator.media.broadcast.ingest_history import IngestHistory, IngestSample
from tests.unit.media.broadcast.test_health import NOW_MS, audio, report_of, video

SILENCE = IngestSample()


def samples(history: IngestHistory, seconds: int = 1_000_000) -> tuple[int, list[IngestSample]]:
    begin, read = history.read(seconds)
    return begin, list(read)


def test_ingest_history_keeps_the_newest_samples() -> None:
    history = IngestHistory(3)
    assert samples(history) == (0, [])
    for second in range(100, 105):
        history.add(second, IngestSample(second))
    assert samples(history) == (102, [IngestSample(number) for number in (102, 103, 104)])
    assert samples(history, 1) == (104, [IngestSample(104)])


@pytest.mark.parametrize("silent", [1, 2, 3, 4, 10**9])
def test_ingest_history_shows_silence_where_nothing_came(silent: int) -> None:
    history = IngestHistory(4)
    for second in range(10, 14):
        history.add(second, IngestSample(1))
    history.add(14 + silent, IngestSample(2))
    before = [IngestSample(1)] * max(0, 3 - silent)
    expected = [*before, *[SILENCE] * min(3, silent), IngestSample(2)]
    assert samples(history) == (11 + silent, expected)


def test_ingest_history_caps_values_at_the_largest() -> None:
    history = IngestHistory(2)
    history.add(1, IngestSample(2**40, 2**40, 2**20, 300, 300, 2**40, -(2**40)))
    largest = IngestSample(2**32 - 1, 2**32 - 1, 2**16 - 1, 255, 255, 2**31 - 1, -(2**31) + 1)
    assert samples(history) == (1, [largest])


def test_ingest_history_has_the_rates_of_each_second() -> None:
    # Given three seconds of 300 and 100 kbit/s,
    health = PublisherHealth()
    report_of(video(3), audio(3), health=health)

    # then each second has its rate as soon as it is over;
    began_ms, samples = health.history(NOW_MS + 2_999, 600)
    assert began_ms == NOW_MS
    assert [sample.video_kbits for sample in samples] == [300, 300]
    began_ms, samples = health.history(NOW_MS + 3_000, 600)
    assert [(sample.video_kbits, sample.audio_kbits) for sample in samples] == [(300, 100)] * 3
    assert [sample.frames for sample in samples] == [30] * 3
    assert samples[-1].key_frame_interval_ms == 2000
    assert abs(samples[-1].drift_ms or 0) < 40

    # and two seconds without the publisher have a rate of zero.
    health.rejoin()
    health.note([next(video(1))[1]], NOW_MS + 5_000)
    began_ms, samples = health.history(NOW_MS + 6_000, 3)
    assert began_ms == NOW_MS + 3_000
    assert samples[:2] == [IngestSample(rejoins=1), SILENCE]
    assert (samples[2].video_kbits, samples[2].frames) == (10, 1)


def test_ingest_history_is_empty_before_the_first_second_is_over() -> None:
    health = PublisherHealth()
    assert health.history(NOW_MS, 600) == (0, [])
    health.note([next(video(1))[1]], NOW_MS)
    assert health.history(NOW_MS, 600)[1] == []
