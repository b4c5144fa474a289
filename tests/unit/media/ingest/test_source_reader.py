"""SourceReader: packets that HLS cannot carry are marked for transcoding, and no others."""

from emulator.media.ingest.tag import Tag
from emulator.media.ingest.transcoding.source_reader import SourceReader, SourceTrack
from tests.support.tables import table
from tests.unit.media.ingest.test_flv import AAC_START, AVC_START, avc

# A record of profile High 4:4:4 Predictive with chroma_format_idc 3, 16 x 16 pixels.
AVCC_444 = bytes.fromhex("01f4000affe1000867f4000a919699f80100" + "0368ce06")
AVC_444_START = Tag("video", 0, b"\x17\x00\x00\x00\x00" + AVCC_444)


@table(
    ("head", "track"),
    [
        (0x2F, SourceTrack("sound", "MP3", "mp3", sample_rate=44_100, channels=2)),
        (0xEE, SourceTrack("sound", "MP3", "mp3", sample_rate=8_000, channels=1)),
        (0x3E, SourceTrack("sound", "PCM", "pcm_s16le", sample_rate=44_100, channels=1)),
        (0x0D, SourceTrack("sound", "PCM", "pcm_u8", sample_rate=44_100, channels=2)),
        (0x1B, SourceTrack("sound", "ADPCM", "adpcm_swf", sample_rate=22_050, channels=2)),
        (0x43, SourceTrack("sound", "Nellymoser", "nellymoser", sample_rate=16_000, channels=1)),
        (0x52, SourceTrack("sound", "Nellymoser", "nellymoser", sample_rate=8_000, channels=1)),
        (0x66, SourceTrack("sound", "Nellymoser", "nellymoser", sample_rate=11_025, channels=1)),
        (0x72, SourceTrack("sound", "G.711 A-law", "pcm_alaw", sample_rate=8_000, channels=1)),
        (0x83, SourceTrack("sound", "G.711 mu-law", "pcm_mulaw", sample_rate=8_000, channels=2)),
        (0xB2, SourceTrack("sound", "Speex", "speex", sample_rate=16_000, channels=1)),
    ],
)
def test_source_reader_audio_codec_is_known_by_its_first_byte(
    head: int, track: SourceTrack
) -> None:
    packets = SourceReader().read(Tag("audio", 40, bytes([head]) + b"sound"))
    assert packets is not None
    assert [(packet.track, packet.dts, packet.data) for packet in packets] == [
        (track, 40 * 90, b"sound")
    ]


@table(
    ("payload", "decoder", "config", "data", "is_key"),
    [
        (b"\x12picture", "flv", b"", b"picture", True),
        (b"\x22picture", "flv", b"", b"picture", False),
        (b"\x32picture", "flv", b"", b"picture", False),
        (b"\x13picture", "flashsv", b"", b"picture", True),
        (b"\x16picture", "flashsv2", b"", b"picture", True),
        (b"\x14\x21picture", "vp6f", b"\x21", b"picture", True),
        (b"\x25\x00picture", "vp6a", b"\x00", b"picture", False),
        (b"\x91vp08picture", "vp8", b"", b"picture", True),
    ],
)
def test_source_reader_video_codec_is_known_by_its_first_bytes(
    payload: bytes, decoder: str, config: bytes, data: bytes, is_key: bool
) -> None:
    packets = SourceReader().read(Tag("video", 1000, payload))
    assert packets is not None
    (packet,) = packets
    assert (packet.track.kind, packet.track.decoder) == ("picture", decoder)
    assert (packet.track.config, packet.data, packet.is_key) == (config, data, is_key)
    assert (packet.dts, packet.pts) == (90_000, 90_000)


@table(("fourcc", "decoder"), [(b".mp3", "mp3"), (b"ac-3", "ac3"), (b"ec-3", "eac3")])
def test_source_reader_enhanced_audio_needs_no_header(fourcc: bytes, decoder: str) -> None:
    packets = SourceReader().read(Tag("audio", 0, b"\x91" + fourcc + b"sound"))
    assert packets is not None
    assert [(packet.track.decoder, packet.data) for packet in packets] == [(decoder, b"sound")]


def test_source_reader_flac_header_is_passed_to_its_decoder() -> None:
    reader = SourceReader()
    assert reader.read(Tag("audio", 0, b"\x90fLaC" + b"fLaCinfo")) == []
    packets = reader.read(Tag("audio", 0, b"\x91fLaC" + b"sound"))
    assert packets is not None
    assert packets[0].track.config == b"fLaCinfo"
    assert packets[0].data == b"sound"


def test_source_reader_takes_h264_until_a_supported_header() -> None:
    reader = SourceReader()
    assert reader.read(AVC_START) is None
    assert reader.read(avc(0)) is None

    # Given a header of 4:4:4, its frames are to be transcoded, with their composition times,
    assert reader.read(AVC_444_START) == []
    packets = reader.read(avc(40, cts=b"\x00\x00\x28", head=0x17))
    assert packets is not None
    (packet,) = packets
    assert (packet.track.decoder, packet.track.config) == ("h264", AVCC_444)
    assert (packet.dts, packet.pts, packet.is_key) == (40 * 90, 80 * 90, True)

    # and after a header of 4:2:0 they are passed through again.
    assert reader.read(AVC_START) is None
    assert reader.read(avc(80)) is None


@table(
    "tag",
    [
        AVC_START,
        AAC_START,
        Tag("script", 0, b"\x02\x00\x0aonMetaData"),
        Tag("video", 0, b"\x90hvc1\x01"),
        Tag("audio", 0, b"\x90OpusOpusHead"),
        Tag("video", 0, b"\x5f\x00"),
        # `FlvReader` refuses codecs that FFmpeg cannot decode.
        Tag("audio", 0, b"\xf2device"),
        Tag("video", 0, b"\x90vvc1\x01"),
        Tag("video", 0, b"\x1d\x00\x00\x00\x00"),
        Tag("video", 0, b""),
    ],
)
def test_source_reader_passed_through_or_refused_media_is_left_alone(tag: Tag) -> None:
    assert SourceReader().read(tag) is None


def test_source_reader_too_short_tags_are_skipped() -> None:
    assert SourceReader().read(Tag("video", 0, b"\x17")) == []
    assert SourceReader().read(Tag("audio", 0, b"\x2f")) == []
