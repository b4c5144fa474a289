"""Ticks: the one clock of all media here, 90,000 to the second.

It is the clock of video in RTP (RFC 6184, 5.1) and in MPEG's systems, and a millisecond is a whole
number of ticks. Positions and durations without a unit in their name are in ticks; a track's own
timestamps are in its `timescale`.
"""

TICKS_PER_SECOND = 90_000
TICKS_PER_MS = TICKS_PER_SECOND // 1000
