"""Interleaver: holds video frames until the audio that belongs before them has come.

Segments end before a key frame. Audio that arrives later than the video (in WebRTC, and from
encoders that need longer for it) would end its segment too early, and hls.js loads such a segment
of a low latency playlist again and again. Pure: returns the same packets in another order.
"""

from collections import deque

from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.timeline import Epoch, Sequenced


class Interleaver:
    """Orders one stream's packets, over all its epochs.

    Audio passes at once. A frame passes when the audio has reached it, or when `wait_ms` of video
    waits after it: then the audio has stopped.
    """

    def __init__(self, wait_ms: int = 300) -> None:
        self._wait = wait_ms * TICKS_PER_MS
        self._pictures: deque[Packet] = deque()
        self._epoch: Epoch | None = None
        self._at_ms = 0
        self._has_both = False
        self._sound_end = 0

    def push(self, sequenced: Sequenced) -> list[Sequenced]:
        """Return what is due, in the order in which it is. It arrived, at the latest, with this."""
        out: list[Sequenced] = []
        packets, epoch = sequenced.packets, sequenced.epoch
        if epoch is not self._epoch:
            out += self.flush()
            self._begin(epoch, packets[0])
        self._at_ms = sequenced.at_ms
        if not self._has_both:
            out.append(sequenced)
            return out
        due: list[Packet] = []
        for packet in packets:
            track = packet.track
            if type(track) is AudioTrack:
                end = packet.dts + packet.duration
                self._sound_end = end * TICKS_PER_SECOND // track.sample_rate
                due.append(packet)
            else:
                self._pictures.append(packet)
            if self._pictures:
                self._take_due(due)
        if due:
            out.append(Sequenced(due, epoch, sequenced.at_ms))
        return out

    def flush(self) -> list[Sequenced]:
        """Return all frames that wait; no more audio will come for them."""
        if self._epoch is None or not self._pictures:
            return []
        pictures, self._pictures = self._pictures, deque()
        return [Sequenced(list(pictures), self._epoch, self._at_ms)]

    def _begin(self, epoch: Epoch, packet: Packet) -> None:
        """Begin an epoch. Its first packet does not wait: all of its media begins there."""
        self._epoch = epoch
        kinds = {type(track) for track in epoch.tracks}
        self._has_both = kinds == {AudioTrack, VideoTrack}
        self._sound_end = packet.ticks

    def _take_due(self, due: list[Packet]) -> None:
        pictures = self._pictures
        while pictures:
            dts = pictures[0].dts
            if dts > self._sound_end and pictures[-1].dts - dts < self._wait:
                break
            due.append(pictures.popleft())
