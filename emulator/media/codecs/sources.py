"""Sources: codecs that a publisher may send and HLS cannot carry, and FFmpeg's decoders of them.

FLV 10.1, E.4.2.1 and E.4.3.1 (numbers), Enhanced RTMP v2 (FourCCs).
"""

from typing import NamedTuple


class SourceCodec(NamedTuple):
    """`name` is for people; `decoder` is empty where there is none."""

    name: str
    decoder: str


PCM_8_BIT, PCM_16_BIT = "pcm_u8", "pcm_s16le"

VIDEO_BY_NUMBER = {
    2: SourceCodec("Sorenson H.263", "flv"),
    3: SourceCodec("Screen video", "flashsv"),
    4: SourceCodec("VP6", "vp6f"),
    5: SourceCodec("VP6 with alpha", "vp6a"),
    6: SourceCodec("Screen video 2", "flashsv2"),
    13: SourceCodec("AV1 under the unofficial number 13", ""),
}
AUDIO_BY_NUMBER = {
    0: SourceCodec("PCM", PCM_16_BIT),
    1: SourceCodec("ADPCM", "adpcm_swf"),
    2: SourceCodec("MP3", "mp3"),
    3: SourceCodec("PCM", PCM_16_BIT),
    4: SourceCodec("Nellymoser", "nellymoser"),
    5: SourceCodec("Nellymoser", "nellymoser"),
    6: SourceCodec("Nellymoser", "nellymoser"),
    7: SourceCodec("G.711 A-law", "pcm_alaw"),
    8: SourceCodec("G.711 mu-law", "pcm_mulaw"),
    11: SourceCodec("Speex", "speex"),
    14: SourceCodec("MP3", "mp3"),
    15: SourceCodec("device-specific sound", ""),
}
VIDEO_BY_FOURCC = {b"vp08": SourceCodec("VP8", "vp8"), b"vvc1": SourceCodec("VVC", "")}
AUDIO_BY_FOURCC = {
    b".mp3": SourceCodec("MP3", "mp3"),
    b"fLaC": SourceCodec("FLAC", "flac"),
    b"ac-3": SourceCodec("AC-3", "ac3"),
    b"ec-3": SourceCodec("E-AC-3", "eac3"),
}
