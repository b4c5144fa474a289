"""Interleaver: a picture waits for its sound. Times are in milliseconds."""

import pytest

from emulator.media.hls.segmenter import Segmenter
from emulator.media.interleaver import Interleaver
from emulator.media.packets import Packet, VideoTrack
from emulator.media.timeline import Epoch, Sequenced
from tests.unit.media.test_gap_filler import BOTH, VIDEO, at, pictures, sounds


def end(packet: Packet) -> float:
    return 1000 * (packet.dts + packet.duration) / packet.track.timescale


def sent(sound_late_ms: int, sound_until_ms: int = 6000) -> list[Packet]:
    """Six seconds of a publisher whose sound comes later than its picture by this."""
    packets = [*pictures(0, 6000), *sounds(0, sound_until_ms)]
    return sorted(
        packets, key=lambda packet: at(packet) + (0 if packet.track is VIDEO else sound_late_ms)
    )


def interleaved(packets: list[Packet], epoch: Epoch = BOTH) -> list[Packet]:
    interleaver = Interleaver()
    out = [due for one in packets for due in interleaver.push(Sequenced([one], epoch, 0))]
    return [one for due in [*out, *interleaver.flush()] for one in due.packets]


@pytest.mark.parametrize("late_ms", [0, 20, 90, 250])
def test_interleaver_every_segment_has_the_sound_of_all_its_pictures(late_ms: int) -> None:
    segmenter = Segmenter(segment_ms=1000)
    parts = segmenter.push(Sequenced(interleaved(sent(late_ms)), BOTH, 0))
    sound_end = 0.0
    for part in parts:
        sound_end = max([sound_end, *(end(one) for one in part.packets if one.track is not VIDEO)])
        if part.ends_segment:
            assert sound_end >= (part.start + part.duration) / 90
    assert sum(part.ends_segment for part in parts) == 5


def test_interleaver_sound_that_has_stopped_is_waited_for_no_longer_than_its_wait() -> None:
    interleaver = Interleaver(wait_ms=300)
    newest = passed = 0.0
    for packet in sent(0, sound_until_ms=2000):
        before, newest = newest, max(newest, at(packet))
        for due in interleaver.push(Sequenced([packet], BOTH, 0)):
            passed = max(passed, *map(at, due.packets))
        assert before - passed < 300


def test_interleaver_loses_nothing_and_keeps_each_kind_in_order() -> None:
    packets = sent(90)
    out = interleaved(packets)
    assert out != packets
    for is_video in (True, False):
        assert [one for one in out if (one.track is VIDEO) is is_video] == [
            one for one in packets if (one.track is VIDEO) is is_video
        ]


def test_interleaver_sound_that_is_early_changes_nothing() -> None:
    packets = sent(-200)
    assert interleaved(packets) == packets


def test_interleaver_a_picture_alone_passes_at_once() -> None:
    interleaver = Interleaver()
    silent = Epoch(1, (VIDEO,))
    for picture in pictures(0, 1000):
        assert isinstance(picture.track, VideoTrack)
        alone = Sequenced([picture], silent, 0)
        assert interleaver.push(alone) == [alone]


def test_interleaver_waiting_packets_pass_before_another_epoch_begins() -> None:
    interleaver = Interleaver()
    first, waits = [Sequenced([picture], BOTH, 0) for picture in pictures(1000, 1080)]
    assert interleaver.push(first) == [first]
    assert interleaver.push(waits) == []
    again = Sequenced(sounds(1080, 1102)[:1], Epoch(2, BOTH.tracks), 0)
    assert interleaver.push(again) == [waits, again]
