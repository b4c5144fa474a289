"""Clocks: from the times of RTP, each source with an origin of its own, to one clock for a peer.

A source's first packet is placed when it arrives. What sender reports say later of how sound and
picture belong together (RFC 3550, 6.4.1) moves the sound to where it belongs.
"""

from emulator.media.webrtc.rtp.packets import Counter

_NTP_SECOND = 1 << 32
# A smaller distance between sound and picture nobody notices; smaller steps come from jitter.
_SKEW_MS = 20
# A larger one comes of a sender whose reports are nonsense.
_SKEW_MAX_MS = 2_000


class SourceClock:
    """One source's times. `rate` is its ticks a second; what `place` gives is in these too."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._counter = Counter(32)
        self._offset: int | None = None
        self._anchor: tuple[int, int] | None = None

    def place(self, timestamp: int, now_ms: int) -> int:
        """When this is on the peer's clock. `now_ms` is the instant of its arrival."""
        whole = self._counter.follow(timestamp)
        if self._offset is None:
            self._offset = now_ms * self._rate // 1000 - whole
        return whole + self._offset

    def note_report(self, ntp: int, timestamp: int) -> None:
        """A sender report: this time stamp was sampled at that instant."""
        if self._offset is not None:
            self._anchor = (ntp, self._counter.follow(timestamp))

    def follow(self, leader: "SourceClock") -> None:
        """Move to where the leader's and one's own reports say that one belongs."""
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
        """The peer's clock at an instant of the sender's, in milliseconds."""
        if self._anchor is None or self._offset is None:
            return None
        at, whole = self._anchor
        return (whole + self._offset) * 1000 / self._rate + (ntp - at) * 1000 / _NTP_SECOND
