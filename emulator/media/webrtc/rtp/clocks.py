"""Clocks: convert RTP times, which have another origin for each source, to one clock per peer.

A source's first packet is placed at its arrival. Later sender reports tell how audio and video
belong together (RFC 3550, 6.4.1), and the audio is moved accordingly.
"""

from emulator.media.webrtc.rtp.packets import Counter

_NTP_SECOND = 1 << 32
# Nobody notices a smaller offset between audio and video; smaller steps come from jitter.
_SKEW_MS = 20
# A larger offset comes from a sender with wrong reports.
_SKEW_MAX_MS = 2_000


class SourceClock:
    """The clock of one source. `rate` is its ticks a second; `place` returns these ticks too."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._counter = Counter(32)
        self._offset: int | None = None
        self._anchor: tuple[int, int] | None = None

    def place(self, timestamp: int, now_ms: int) -> int:
        """Convert a timestamp to the peer's clock. `now_ms` is the time of its arrival."""
        whole = self._counter.follow(timestamp)
        if self._offset is None:
            self._offset = now_ms * self._rate // 1000 - whole
        return whole + self._offset

    def note_report(self, ntp: int, timestamp: int) -> None:
        """Note a sender report: this timestamp was sampled at the time `ntp`."""
        if self._offset is not None:
            self._anchor = (ntp, self._counter.follow(timestamp))

    def follow(self, leader: "SourceClock") -> None:
        """Shift this clock so that its reports and the leader's agree."""
        if self._anchor is None or self._offset is None:
            return
        ntp, _ = self._anchor
        own_ms, leading_ms = self._at(ntp), leader._at(ntp)
        if own_ms is None or leading_ms is None:
            return
        skew_ms = own_ms - leading_ms
        if _SKEW_MS < abs(skew_ms) < _SKEW_MAX_MS:
            self._offset -= round(skew_ms * self._rate / 1000)

    def _at(self, ntp: int) -> float | None:
        """The peer's clock in milliseconds, at a time of the sender."""
        if self._anchor is None or self._offset is None:
            return None
        at, whole = self._anchor
        return (whole + self._offset) * 1000 / self._rate + (ntp - at) * 1000 / _NTP_SECOND
