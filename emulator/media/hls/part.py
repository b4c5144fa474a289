"""HlsPart: what the segmenter cuts, fMP4 packs and an `HlsStream` keeps."""

from msgspec import Struct

from emulator.media.packets import Packet, Track


class HlsPart(Struct, frozen=True):
    """Consecutive packets of every track, each with its duration, on the stream's own timeline.

    `start` and `duration` are in ticks of 1/90,000 s of that timeline, which begins at 0 with the
    stream's first key frame and never runs backwards. `tracks` are all tracks that this part's
    init segment describes, video first, also those without a packet here.
    `is_independent`: it begins with a key frame (or there is no video). `starts_segment`: the
    segment before it is complete. `starts_discontinuity`: the clock or the codecs changed, so a
    new init segment and EXT-X-DISCONTINUITY come before it (implies `starts_segment`; also true
    of the very first part, where only the init segment matters). `ends_segment`: it is known
    already that the next part, whenever it comes, starts a segment.
    `at_ms`: the world's instant at which the part's first packet arrived (PROGRAM-DATE-TIME).
    """

    packets: tuple[Packet, ...]
    tracks: tuple[Track, ...]
    start: int
    duration: int
    is_independent: bool
    starts_segment: bool
    starts_discontinuity: bool
    at_ms: int
    ends_segment: bool = False
