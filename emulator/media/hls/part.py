"""HlsPart: the unit that the segmenter cuts, fMP4 packs and an `HlsStream` stores."""

from msgspec import Struct

from emulator.media.packets import Packet, Track

# Closed captions inside a picture: user data of the United States (0xB5), ATSC (0x0031), GA94
# (ANSI/SCTE 128-1, 8.1; CTA-708-E, 4.4). They come before the picture itself; only its parameter
# sets may come before them.
_CAPTIONS = b"\xb5\x00\x31GA94"
_HEAD_BYTES = 1024


class HlsPart(Struct, frozen=True):
    """Consecutive packets of all tracks, each with its duration, on the stream's own timeline.

    `start` and `duration` are in ticks of 1/90,000 s of that timeline, which begins at 0 with the
    stream's first key frame and never runs backwards. `tracks` are all tracks that this part's init
    segment describes, video first, also those without a packet here.

    `is_independent`: it begins with a key frame (or there is no video). `starts_segment`: the
    segment before it is complete. `starts_discontinuity`: the clock or the codecs changed, so a new
    init segment and EXT-X-DISCONTINUITY come before it (implies `starts_segment`; also true of the
    very first part, where only the init segment matters). `ends_segment`: the next part will start
    a segment, whenever it comes.

    `at_ms`: the world's time at which the part's first packet arrived (PROGRAM-DATE-TIME).
    """

    pictures: tuple[Packet, ...]
    sounds: tuple[Packet, ...]
    tracks: tuple[Track, ...]
    start: int
    duration: int
    is_independent: bool
    starts_segment: bool
    starts_discontinuity: bool
    at_ms: int
    ends_segment: bool = False

    @property
    def packets(self) -> tuple[Packet, ...]:
        """All packets, in the order in which a fragment has them."""
        return self.pictures + self.sounds

    @property
    def has_captions(self) -> bool:
        """Whether one of its pictures carries closed captions."""
        return any(_CAPTIONS in bytes(packet.data[:_HEAD_BYTES]) for packet in self.pictures)
