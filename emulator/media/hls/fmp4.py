"""fMP4: packs a part's packets as moof and mdat, and tracks as an init segment (ISO/IEC 14496-12).

Pure. Video has the track id 1 in every init segment and audio has 2, whether or not the other is
there: players that keep a stream's first init segment find the same ids in all others. Decode times
are on the stream's timeline.
"""

import struct
from collections.abc import Sequence

from emulator.media import codecs
from emulator.media.codecs.boxes import box, full_box
from emulator.media.hls.part import HlsPart
from emulator.media.packets import Packet, Track, VideoTrack

# Sample flags (8.8.3.1): a sync sample, or one that depends on others.
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
# trun flags: data offset, duration, size; for video also sample flags and composition offset.
_AUDIO_RUN, _VIDEO_RUN = 0x000301, 0x000F01
_AUDIO_SAMPLE_SIZE, _VIDEO_SAMPLE_SIZE = 8, 16
# The sizes of the moof header with mfhd; of a traf header with tfhd and tfdt; of a trun's head.
_MOOF_SIZE, _TRAF_SIZE, _RUN_SIZE = 8 + 16, 8 + 16 + 20, 20
_MOOF = struct.Struct(">I4sI4sII")
_TRAF = struct.Struct(">I4sI4sIII4sIQI4sIII")
_DEFAULT_BASE_IS_MOOF = 0x020000
MOVIE_TIMESCALE = 1000
_VIDEO_ID, _AUDIO_ID = 1, 2
# The tables of a track whose samples are all in fragments.
_NO_SAMPLES = (
    full_box(b"stts", 0, 0, bytes(4)),
    full_box(b"stsc", 0, 0, bytes(4)),
    full_box(b"stsz", 0, 0, bytes(8)),
    full_box(b"stco", 0, 0, bytes(4)),
)
_MDAT_SIZE_MAX = (1 << 32) - 1
_U32 = 0xFFFFFFFF


def init_segment(tracks: Sequence[Track]) -> bytes:
    """ftyp and moov for these tracks, as `HlsPart.tracks` lists them.

    Raises `ValueError` without a track.
    """
    if not tracks:
        raise ValueError("an init segment needs a track")
    traks = [trak(track, _NO_SAMPLES) for track in tracks]
    trexes = [
        full_box(b"trex", 0, 0, struct.pack(">5I", track_id(track), 1, 0, 0, _SYNC))
        for track in tracks
    ]
    return box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41") + box(
        b"moov", movie_header(), *traks, box(b"mvex", *trexes)
    )


def track_id(track: Track) -> int:
    """The number of a track in the boxes of its stream."""
    return _VIDEO_ID if type(track) is VideoTrack else _AUDIO_ID


def movie_header(duration: int = 0) -> bytes:
    """mvhd; `duration` is in milliseconds, 0 where the samples are in fragments."""
    return full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">4IIH10x", 0, 0, MOVIE_TIMESCALE, duration, 0x10000, 0x0100),
        _UNITY_MATRIX,
        struct.pack(">24xI", _AUDIO_ID + 1),
    )


def fragment(part: HlsPart, sequence: int) -> bytes:
    """The moof and mdat of one part, with a traf of one run for each track that has packets.

    `sequence` is the moof's number and should grow by 1. The times of the first packets become
    baseMediaDecodeTime; within a run only durations count, so they must add up.
    """
    head_size = _MOOF_SIZE
    for packets, sample_size in (
        (part.pictures, _VIDEO_SAMPLE_SIZE),
        (part.sounds, _AUDIO_SAMPLE_SIZE),
    ):
        if packets:
            head_size += _TRAF_SIZE + _RUN_SIZE + sample_size * len(packets)
    samples = [packet.data for packet in part.packets]
    sizes = list(map(len, samples))
    video_size, mdat_size = sum(sizes[: len(part.pictures)]), 8 + sum(sizes)
    if mdat_size > _MDAT_SIZE_MAX:
        raise ValueError("a part of 4 GiB or more cannot be packed")
    pieces: list[bytes | memoryview] = [
        _MOOF.pack(head_size, b"moof", 16, b"mfhd", 0, sequence & _U32)
    ]
    if part.pictures:
        pieces.append(_traf(_VIDEO_ID, part.pictures, sizes, head_size + 8))
    if part.sounds:
        sizes = sizes[len(part.pictures) :]
        pieces.append(_traf(_AUDIO_ID, part.sounds, sizes, head_size + 8 + video_size))
    pieces.append(struct.pack(">I4s", mdat_size, b"mdat"))
    return b"".join(pieces + samples)


def _traf(number: int, packets: Sequence[Packet], sizes: Sequence[int], offset: int) -> bytes:
    """tfhd, tfdt (version 1) and trun (version 1: composition offsets are signed) of a track."""
    samples: list[int] = []
    is_video = number == _VIDEO_ID
    for packet, size in zip(packets, sizes, strict=False):
        samples += (packet.duration & _U32, size)
        if is_video:
            flags = _SYNC if packet.is_key else _NOT_SYNC
            samples += (flags, (packet.pts - packet.dts) & _U32)
    run_size = _RUN_SIZE + 4 * len(samples)
    head = _TRAF.pack(
        _TRAF_SIZE + run_size, b"traf",
        16, b"tfhd", _DEFAULT_BASE_IS_MOOF, number,
        20, b"tfdt", 1 << 24, packets[0].dts,
        run_size, b"trun", 1 << 24 | (_VIDEO_RUN if is_video else _AUDIO_RUN), len(packets), offset,
    )  # fmt: skip
    return head + struct.pack(f">{len(samples)}I", *samples)


def trak(track: Track, tables: Sequence[bytes], duration: int = 0) -> bytes:
    """The trak box of a track. `tables` describe its samples (8.6, 8.7).

    `duration` is in the track's timescale; 0 where the samples are in fragments.
    """
    is_video = isinstance(track, VideoTrack)
    size = (
        (track.display_width << 16, track.height << 16) if isinstance(track, VideoTrack) else (0, 0)
    )
    in_movie = duration * MOVIE_TIMESCALE // track.timescale
    # Flags: enabled, in movie. Volume 1.0 for sound.
    header = full_box(
        b"tkhd",
        0,
        3,
        struct.pack(
            ">5I8xHHHH", 0, 0, track_id(track), 0, in_movie, 0, 0, 0 if is_video else 0x0100, 0
        ),
        _UNITY_MATRIX,
        struct.pack(">2I", *size),
    )
    # The language is "und" (undetermined), packed as three times five bits. At 90,000 ticks a
    # second thirteen hours fit into 32 bits.
    version, form = (0, ">4IHH") if duration <= _U32 else (1, ">2QIQHH")
    times = struct.pack(form, 0, 0, track.timescale, duration, 0x55C4, 0)
    media_header = full_box(b"mdhd", version, 0, times)
    kind, name = (b"vide", b"video\x00") if is_video else (b"soun", b"sound\x00")
    handler = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, kind), name)
    described = full_box(b"stsd", 0, 0, struct.pack(">I", 1), codecs.sample_entry(track))
    info = _minf(is_video, box(b"stbl", described, *tables))
    return box(b"trak", header, box(b"mdia", media_header, handler, info))


def _minf(is_video: bool, table: bytes) -> bytes:
    media = full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    here = full_box(b"url ", 0, 1)
    references = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), here))
    return box(b"minf", media, references, table)
