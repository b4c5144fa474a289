"""Sources: codecs that a publisher may send and HLS cannot carry, and FFmpeg's decoders of them.

FLV 10.1, E.4.2.1 and E.4.3.1 (numbers), Enhanced RTMP v2 (FourCCs).
"""

from typing import NamedTuple


class Source(NamedTuple):
    """`name` is for people; `decoder` is empty where there is none."""

    name: str
    decoder: str


PCM_8_BIT, PCM_16_BIT = "pcm_u8", "pcm_s16le"

VIDEO_BY_NUMBER = {
    2: Source("Sorenson H.263", "flv"),
    3: Source("Screen video", "flashsv"),
    4: Source("VP6", "vp6f"),
    5: Source("VP6 with alpha", "vp6a"),
    6: Source("Screen video 2", "flashsv2"),
    13: Source("AV1 under the unofficial number 13", ""),
}
AUDIO_BY_NUMBER = {
    0: Source("PCM", PCM_16_BIT),
    1: Source("ADPCM", "adpcm_swf"),
    2: Source("MP3", "mp3"),
    3: Source("PCM", PCM_16_BIT),
    4: Source("Nellymoser", "nellymoser"),
    5: Source("Nellymoser", "nellymoser"),
    6: Source("Nellymoser", "nellymoser"),
    7: Source("G.711 A-law", "pcm_alaw"),
    8: Source("G.711 mu-law", "pcm_mulaw"),
    11: Source("Speex", "speex"),
    14: Source("MP3", "mp3"),
    15: Source("device-specific sound", ""),
}
VIDEO_BY_FOURCC = {b"vp08": Source("VP8", "vp8"), b"vvc1": Source("VVC", "")}
AUDIO_BY_FOURCC = {
    b".mp3": Source("MP3", "mp3"),
    b"fLaC": Source("FLAC", "flac"),
    b"ac-3": Source("AC-3", "ac3"),
    b"ec-3": Source("E-AC-3", "eac3"),
}
