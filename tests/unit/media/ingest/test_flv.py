"""FlvReader: tags as OBS and ffmpeg send them, tags as the specification allows, and garbage."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.flv import COMPOSITION_WARNING, FlvReader
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.ingest.wire import amf0
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.packets import COMPOSITION_MS_MAX, AudioTrack, VideoTrack
from tests.support.tables import table

AVCC_720P = bytes.fromhex(
    "0142c01fffe100196742c01fd9005005bb011000000300100000030320f183248001000568cb83cb20"
)
AVCC_1080P = bytes.fromhex(
    "014d4028ffe1001a674d4028eca03c0113f2e0220000030002000003006"
    "41e30632c01000568ebe3cb20"
)  # fmt: skip
AV1C = bytes.fromhex("81080c000a0c02000042955dfe1b805f0008")
HVCC = bytes.fromhex(
    "01016000000090000000000078f000fcfdf8f800000f0320000100184001"
    "0c01ffff01600000030090000003000003007895980921000100"
    "2a42010101600000030090000003000003"
    "0078a003c08010e596566924caf016808000000300800000"
    "0c8422000100074401c172b46240"
)
VPCC = bytes.fromhex("01000000001f820202020000")
VP9_KEY = bytes.fromhex("82498342004ff02cf60638241c184a1805785fc9")
OPUS_HEAD = b"OpusHead" + bytes.fromhex("0102380180bb0000000000")

# A NAL unit of one byte.
UNIT = b"\x00\x00\x00\x01\xaa"

AVC_START = Tag("video", 0, b"\x17\x00\x00\x00\x00" + AVCC_720P)
AAC_START = Tag("audio", 0, b"\xaf\x00\x11\x90")


def avc(timestamp_ms: int, cts: bytes = b"\x00\x00\x00", head: int = 0x27) -> Tag:
    return Tag("video", timestamp_ms, bytes((head, 1)) + cts + b"\x00\x00\x00\x01\x09")


def reader_of(*tags: Tag) -> FlvReader:
    reader = FlvReader()
    for tag in tags:
        assert reader.read(tag) == []
    return reader


def test_flv_sequence_headers_make_tracks_and_no_packets() -> None:
    reader = reader_of(AAC_START, AVC_START)
    video, audio = reader.tracks
    assert isinstance(video, VideoTrack)
    assert isinstance(audio, AudioTrack)
    assert (video.width, video.height, audio.sample_rate) == (1280, 720, 48_000)


def test_flv_key_frame_has_its_composition_time() -> None:
    (packet,) = reader_of(AVC_START).read(avc(40, b"\x00\x00\x43", head=0x17))
    assert (packet.dts, packet.pts, packet.is_key) == (40 * 90, 107 * 90, True)
    assert bytes(packet.data) == b"\x00\x00\x00\x01\x09"


def test_flv_composition_times_are_signed() -> None:
    reader = reader_of(AVC_START)
    assert reader.read(avc(100, b"\xff\xff\xdf"))[0].pts == 67 * 90
    assert reader.read(avc(100, COMPOSITION_MS_MAX.to_bytes(3)))[0].pts == 10_100 * 90


@table("cts", [b"\x7f\xff\xff", b"\x80\x00\x00", (COMPOSITION_MS_MAX + 1).to_bytes(3)])
def test_flv_absurd_composition_time_is_replaced_by_the_last_one(cts: bytes) -> None:
    warnings: list[str] = []
    reader = FlvReader(warnings.append)
    assert reader.read(AVC_START) == []

    offsets = [
        packet.pts - packet.dts
        for composition in (cts, b"\x00\x00\x43", cts, cts, b"\x00\x00\x21")
        for packet in reader.read(avc(100, composition))
    ]

    assert offsets == [0, 67 * 90, 67 * 90, 67 * 90, 33 * 90]
    assert warnings == [COMPOSITION_WARNING]


def test_flv_audio_time_is_in_samples_of_the_config_rate() -> None:
    reader = reader_of(Tag("audio", 0, b"\xaf\x00\x12\x08"))
    (packet,) = reader.read(Tag("audio", 1000, b"\xaf\x01\x21\x4c"))
    assert (packet.dts, packet.duration, packet.is_key) == (44_100, 1024, True)
    assert isinstance(packet.track, AudioTrack)
    assert packet.track.channels == 1


def test_flv_repeated_header_keeps_the_track_and_another_makes_a_new_one() -> None:
    reader = reader_of(AVC_START, AAC_START)
    tracks = reader.tracks
    assert reader.read(replace(AVC_START, timestamp_ms=5000)) == []
    assert reader.tracks is tracks
    reader.read(Tag("video", 0, b"\x17\x00\x00\x00\x00" + AVCC_1080P))
    assert reader.tracks is not tracks
    assert reader.tracks[0] is not tracks[0]
    assert reader.tracks[1] is tracks[1]
    assert reader.read(avc(5033))[0].track is reader.tracks[0]


@table(
    "tag",
    [
        Tag("video", 0, b""),
        Tag("video", 0, b"\x17\x02\x00\x00\x00"),  # end of sequence
        Tag("video", 0, b"\x57\x00"),  # an info frame
        Tag("video", 0, b"\x27\x01\x00\x00\x00"),  # a frame without content
        Tag("video", 0, b"\xd4hvc1\x02\x00\x09colorInfo"),  # ffmpeg's message after the start
        Tag("video", 0, b"\x92avc1"),
        Tag("video", 0, b"\x90av01"),  # libaom in ffmpeg: an empty record first
        Tag("audio", 0, b"\xaf\x01"),
        Tag("audio", 0, b"\x94Opus\x01\x02\x00\x00\x00\x03"),  # channel layout
        Tag("audio", 0, b"\x92Opus"),
        Tag("script", 0, b"\x05garbage"),
    ],
)
def test_flv_tags_without_a_frame_give_no_packet(tag: Tag) -> None:
    assert reader_of(AVC_START, AAC_START).read(tag) == []


EMPTY_HEADERS = [
    Tag("video", 0, b"\x17\x00\x00\x00\x00"),
    Tag("video", 0, b"\x17\x00"),
    Tag("video", 0, b"\x17\x00\x00\x00\x00" + bytes(11)),
    Tag("video", 0, b"\x1c\x00\x00\x00\x00"),
    *(Tag("video", 0, b"\x90" + fourcc) for fourcc in (b"avc1", b"hvc1", b"av01", b"vp09")),
    Tag("audio", 0, b"\xaf\x00"),
    Tag("audio", 0, b"\xaf\x00\x00\x00"),
    *(Tag("audio", 0, b"\x90" + fourcc) for fourcc in (b"mp4a", b"Opus")),
    Tag("audio", 0, b"\x95\x00mp4a\x00"),
    Tag("video", 0, b"\x96\x00avc1\x00"),
]


@table("empty", EMPTY_HEADERS, ids=lambda tag: tag.payload.hex())
def test_flv_empty_header_makes_and_removes_no_track(empty: Tag) -> None:
    reader = reader_of(empty)
    assert reader.tracks == ()
    reader_of(empty, AVC_START, AAC_START)
    known = reader_of(AVC_START, AAC_START)
    tracks = known.tracks
    assert known.read(empty) == []
    assert known.tracks is tracks


def test_flv_hevc_under_its_legacy_id_is_framed_like_h264() -> None:
    reader = reader_of(Tag("video", 0, b"\x1c\x00\x00\x00\x00" + HVCC))
    (packet,) = reader.read(Tag("video", 40, b"\x1c\x01\x00\x00\x43\x00\x00\x00\x01\x26"))
    assert isinstance(packet.track, VideoTrack)
    assert packet.track.codec == "hevc"
    assert (packet.dts, packet.pts, packet.is_key) == (40 * 90, 107 * 90, True)
    assert bytes(packet.data) == b"\x00\x00\x00\x01\x26"


def adts(frame: bytes, *, has_crc: bool = False) -> bytes:
    """AAC LC, 48 kHz, stereo."""
    length = 7 + 2 * has_crc + len(frame)
    head = 0xFFF << 44 | (not has_crc) << 40 | 1 << 38 | 3 << 34 | 2 << 30 | length << 13
    return head.to_bytes(7, "big") + bytes(2 * has_crc) + frame


@table("start", [b"\xaf\x01", b"\x91mp4a"])
def test_flv_adts_frames_are_unpacked_and_serve_as_header(start: bytes) -> None:
    said: list[str] = []
    reader = FlvReader(said.append)
    first, second = reader.read(
        Tag("audio", 100, start + adts(b"\x21\x4c") + adts(b"\x21\x11\x45", has_crc=True))
    )
    assert (bytes(first.data), bytes(second.data)) == (b"\x21\x4c", b"\x21\x11\x45")
    assert (first.dts, second.dts, first.duration) == (4800, 4800 + 1024, 1024)
    assert reader.tracks == (first.track,)
    assert first.track.config == b"\x11\x90"
    assert ["ADTS" in message for message in said] == [True]
    # A valid sequence header always counts, and its frames may still be wrapped.
    reader.read(Tag("audio", 0, b"\xaf\x00\x12\x10"))
    (packet,) = reader.read(Tag("audio", 200, b"\xaf\x01" + adts(b"\x21\x4c")))
    assert (packet.track.timescale, bytes(packet.data)) == (44_100, b"\x21\x4c")


@table(
    ("kind", "payload", "name"),
    [
        ("audio", b"\xaf\x01\x21\x4c", "AudioSpecificConfig"),
        ("video", b"\x27\x01\x00\x00\x00\x09", ""),
    ],
)
def test_flv_frames_that_never_get_a_header_are_logged_once(
    kind: TagKind, payload: bytes, name: str
) -> None:
    said: list[str] = []
    reader = FlvReader(said.append)
    for timestamp_ms in range(0, 1000, 20):
        assert reader.read(Tag(kind, timestamp_ms, payload)) == []
    assert said == []
    for timestamp_ms in range(1000, 1200, 20):
        assert reader.read(Tag(kind, timestamp_ms, payload)) == []
    [message] = said
    assert "without" in message
    assert name in message


def test_flv_frames_before_their_header_are_dropped() -> None:
    reader = FlvReader()
    assert reader.read(avc(0, head=0x17)) == []
    assert reader.read(Tag("audio", 0, b"\xaf\x01\x21")) == []
    assert reader.read(Tag("video", 0, b"\x91hvc1\x00\x00\x00\x01")) == []


def test_flv_enhanced_frames_come_with_and_without_composition_time() -> None:
    reader = reader_of(Tag("video", 0, b"\x90avc1" + AVCC_720P))
    (timed,) = reader.read(Tag("video", 33, b"\x91avc1\x00\x00\x21\x00\x00\x00\x02\xaa\xbb"))
    (plain,) = reader.read(Tag("video", 66, b"\xa3avc1\x00\x00\x00\x01\xcc"))
    assert (timed.dts, timed.pts, timed.is_key, bytes(timed.data)) == (
        2970,
        5940,
        True,
        b"\x00\x00\x00\x02\xaa\xbb",
    )
    assert (plain.dts, plain.pts, plain.is_key) == (5940, 5940, False)
    assert bytes(plain.data) == b"\x00\x00\x00\x01\xcc"


def test_flv_av1_frames_have_no_composition_time_and_no_temporal_delimiter() -> None:
    reader = reader_of(Tag("video", 0, b"\x90av01" + AV1C))
    (packet,) = reader.read(Tag("video", 5, b"\x91av01\x12\x00\x32\x01\x10"))
    assert (packet.pts, bytes(packet.data)) == (450, b"\x32\x01\x10")


def test_flv_vp9_track_is_known_with_its_first_key_frame() -> None:
    reader = reader_of(Tag("video", 0, b"\x90vp09" + VPCC))
    assert not reader.tracks
    assert reader.read(Tag("video", 0, b"\xa1vp09\x86\x00")) == []
    (packet,) = reader.read(Tag("video", 33, b"\x91vp09" + VP9_KEY))
    assert reader.tracks == (packet.track,)
    assert isinstance(packet.track, VideoTrack)
    assert packet.track.width == 1280


def test_flv_opus_packets_have_their_own_duration() -> None:
    reader = reader_of(Tag("audio", 0, b"\x90Opus" + OPUS_HEAD))
    (packet,) = reader.read(Tag("audio", 20, b"\x91Opus\xfc\x7e"))
    assert (packet.dts, packet.duration) == (960, 960)


def test_flv_aac_may_come_by_fourcc() -> None:
    reader = reader_of(Tag("audio", 0, b"\x90mp4a\x11\x90"))
    (packet,) = reader.read(Tag("audio", 0, b"\x91mp4a\x21\x4c"))
    assert packet.duration == 1024


@table(
    "modifiers",
    [
        b"\x02\x00\x12\x34\x01",  # 3 bytes of nanoseconds, then coded frames
        b"\xff\x01\x00" + bytes(257) + b"\x01",  # 257 bytes with a size of two bytes
        b"\x00\xaa\x07\x00\xbb\x01",  # two modifiers
    ],
)
def test_flv_modifiers_are_skipped(modifiers: bytes) -> None:
    reader = reader_of(Tag("video", 0, b"\x90avc1" + AVCC_720P))
    (packet,) = reader.read(
        Tag("video", 33, b"\x97" + modifiers + b"avc1\x00\x00\x00\x00\x00\x00\x01\xaa")
    )
    assert bytes(packet.data) == UNIT


@table(
    "body",
    [
        b"\x01avc1\x00\x00\x00\x00" + UNIT,  # one track
        b"\x11avc1\x01\x00\x00\x02\x77\x77\x00\x00\x00\x08\x00\x00\x00" + UNIT,  # many of a codec
        b"\x21hvc1\x01\x00\x00\x01\x77avc1\x00\x00\x00\x08\x00\x00\x00" + UNIT,  # many codecs
    ],
)
def test_flv_track_zero_of_many_is_taken(body: bytes) -> None:
    reader = reader_of(Tag("video", 0, b"\x90avc1" + AVCC_720P))
    (packet,) = reader.read(Tag("video", 33, b"\x96" + body))
    assert bytes(packet.data) == UNIT


def test_flv_other_tracks_give_nothing_for_any_codec() -> None:
    reader = reader_of(Tag("video", 0, b"\x90avc1" + AVCC_720P))
    assert reader.read(Tag("video", 33, b"\x96\x01vvc1\x01\xaa")) == []
    assert reader.read(Tag("audio", 33, b"\x95\x01fLaC\x01\xaa")) == []


def test_flv_audio_tracks_are_numbered_too() -> None:
    reader = reader_of(Tag("audio", 0, b"\x95\x00Opus\x00" + OPUS_HEAD))
    (packet,) = reader.read(Tag("audio", 0, b"\x95\x01Opus\x00\xfc\x7e"))
    assert bytes(packet.data) == b"\xfc\x7e"


@table(
    ("tag", "name", "is_transcodable"),
    [
        (Tag("audio", 0, b"\x2e\xff\xfb\x50"), "MP3", True),
        (Tag("audio", 0, b"\x90.mp3"), "MP3", True),
        (Tag("audio", 0, b"\x90fLaC\x04"), "FLAC", True),
        (Tag("video", 0, b"\x22\x00"), "H.263", True),
        (Tag("video", 0, b"\x1d\x00\x00\x00\x00"), "AV1 under the unofficial number", False),
        (Tag("video", 0, b"\x90vvc1"), "VVC", False),
    ],
)
def test_flv_unsupported_codecs_are_refused_by_name_and_topic(
    tag: Tag, name: str, is_transcodable: bool
) -> None:
    with pytest.raises(Refused, match=f"{name}.*not supported") as refused:
        FlvReader().read(tag)
    assert refused.value.code == "unsupported"
    topic = f"{tag.kind}_codec"
    assert refused.value.details == {"topic": topic, "is_transcodable": is_transcodable}


@table(
    "tag",
    [
        Tag("video", 0, b"\x17\x00\x00\x00\x00\x02garbage"),
        Tag("video", 0, b"\x96\x11avc1\x00\x00\xff\xff\x00"),
        Tag("video", 0, b"\x17\x00\x00\x00\x00\x01" + bytes(70_000)),
        Tag("audio", 0, b"\xaf\x00\x11"),
    ],
)
def test_flv_broken_tags_are_protocol_errors(tag: Tag) -> None:
    with pytest.raises(ProtocolError):
        FlvReader().read(tag)


@table(
    "tag",
    [
        *(Tag("video", 0, bytes.fromhex(payload)) for payload in ("", "27", "2701", "270100")),
        *(Tag("video", 0, bytes.fromhex(payload)) for payload in ("2701000000", "9700", "80")),
        *(Tag("video", 0, bytes.fromhex(payload)) for payload in ("906176", "5700", "1702000000")),
        *(Tag("audio", 0, bytes.fromhex(payload)) for payload in ("", "af", "af01", "90")),
    ],
)
def test_flv_messages_without_a_frame_are_skipped(tag: Tag) -> None:
    reader = reader_of(AVC_START, AAC_START)
    assert reader.read(tag) == []
    assert len(reader.read(avc(40, head=0x17))) == 1


# NAL units.

SEI, IDR, SLICE = b"\x06\x05\x01\x80", b"\x65\x88" + b"\x11" * 300, b"\x41\x9a" + b"\x22" * 319
IN_ORDER = b"\0\0\0\x04" + SEI + b"\0\0\x01\x2e" + IDR


def frame_of(content: bytes, reader: FlvReader | None = None, *, is_key: bool = True) -> bytes:
    head = b"\x17" if is_key else b"\x27"
    reader = reader or reader_of(AVC_START)
    (packet,) = reader.read(Tag("video", 40, head + b"\x01\0\0\0" + content))
    return bytes(packet.data)


@table(
    "content",
    [
        pytest.param(IN_ORDER, id="in order"),
        pytest.param(b"\0\0\0\x01" + SEI + b"\0\0\x01" + IDR, id="start codes"),
        pytest.param(b"\0\0\x01" + SEI + b"\0\0\0\x01" + IDR + b"\0\0", id="short start codes"),
        pytest.param(b"\0\0\x01\x36" + SEI + b"\0\0\0\x01" + IDR, id="a start code in a unit"),
        pytest.param(
            bytes(4) + IN_ORDER[:8] + bytes(4) + IN_ORDER[8:] + bytes(4), id="empty units"
        ),
        pytest.param(IN_ORDER + bytes(3), id="zeros at the end"),
    ],
)
def test_flv_every_unit_has_a_length_prefix_from_any_encoder(content: bytes) -> None:
    assert frame_of(content) == IN_ORDER


def test_flv_ambiguous_start_codes_are_decided_by_earlier_frames() -> None:
    # 00 00 01 41 is a start code and a slice here, but could also be the length of a unit.
    reader = reader_of(AVC_START)
    frame_of(b"\0\0\x01" + SEI + b"\0\0\x01" + IDR, reader)
    later = frame_of(b"\0\0\x01" + SLICE + b"\x23", reader, is_key=False)
    assert later == (len(SLICE) + 1).to_bytes(4) + SLICE + b"\x23"


def test_flv_start_code_in_a_unit_of_a_late_key_frame_is_found() -> None:
    # Between its key frames this encoder sends one slice per frame, which does not show the form.
    reader = reader_of(AVC_START)
    joined = b"\0\0\x01\x36" + SEI + b"\0\0\0\x01" + IDR
    plain = len(SLICE).to_bytes(4) + SLICE
    assert frame_of(joined, reader) == IN_ORDER
    for _ in range(250):
        assert frame_of(plain, reader, is_key=False) == plain
    assert frame_of(joined, reader) == IN_ORDER


@table("content", [b"\x65\x88" * 50, b"\0\0\0\x02\x41", b"\0\0\0\x03\x41\x9a"])
def test_flv_late_frame_whose_lengths_do_not_add_up_is_dropped(content: bytes) -> None:
    reader = reader_of(AVC_START)
    for _ in range(250):
        frame_of(IN_ORDER, reader)
    assert reader.read(Tag("video", 80, b"\x27\x01\0\0\0" + content)) == []
    assert frame_of(bytes(4) + IN_ORDER, reader) == IN_ORDER


def test_flv_stream_is_refused_when_its_first_frame_is_unframed() -> None:
    with pytest.raises(Refused, match="lengths of its NAL units"):
        frame_of(b"\x65\x88" * 50)


def test_flv_later_unframed_frame_is_dropped_alone() -> None:
    reader = reader_of(AVC_START)
    frame_of(IN_ORDER, reader)
    assert reader.read(Tag("video", 80, b"\x27\x01\0\0\0" + b"\x65\x88" * 50)) == []
    assert frame_of(IN_ORDER, reader) == IN_ORDER


def test_flv_start_codes_in_the_configuration_record_are_left_out() -> None:
    record = reader_of(AVC_START).tracks[0].config
    size = int.from_bytes(record[6:8])
    sps, pps = record[8 : 8 + size], record[11 + size :]
    code = b"\0\0\0\x01"
    inside = record[:6] + (size + 4).to_bytes(2) + code + sps + b"\x01"
    inside += (len(pps) + 4).to_bytes(2) + code + pps
    for config in (inside, code + sps + code + pps):
        reader = reader_of(Tag("video", 0, b"\x17\0\0\0\0" + config))
        assert reader.tracks[0].config == record


# Tracks that the metadata announce.


@table(
    ("members", "has_picture", "has_sound", "sound"),
    [
        ({}, False, False, None),
        ({"videocodecid": 7.0}, True, False, None),
        ({"videocodecid": 7.0, "audiocodecid": 7.0}, True, True, None),
        ({"videocodecid": 7.0, "hasAudio": False, "audiocodecid": 10.0}, True, False, None),
        ({"audiocodecid": 10.0}, False, True, ("aac", 48_000, 2)),
        (
            {"audiocodecid": 10.0, "audiosamplerate": 44100.0, "stereo": False},
            False,
            True,
            ("aac", 44_100, 1),
        ),
        ({"audiocodecid": "mp4a", "audiochannels": 6.0}, False, True, ("aac", 48_000, 6)),
        ({"audiocodecid": float(0x4F707573)}, False, True, ("opus", 48_000, 2)),
    ],
)
def test_flv_metadata_announces_the_tracks(
    members: dict[str, Value],
    has_picture: bool,
    has_sound: bool,
    sound: tuple[str, int, int] | None,
) -> None:
    reader = reader_of(Tag("script", 0, amf0.encode("@setDataFrame", "onMetaData", members)))
    promise = reader.promise
    assert (promise.has_picture, promise.has_sound) == (has_picture, has_sound)
    track = promise.sound
    assert (track and (track.codec, track.sample_rate, track.channels)) == sound


def test_flv_metadata_is_kept_for_information() -> None:
    said: dict[str, Value] = {"width": 1280.0, "encoder": "obs-output", "stereo": True}
    shapes: list[list[Value]] = [
        ["@setDataFrame", "onMetaData"],
        ["onMetaData"],
        [0.0, 1.0, "@setDataFrame", "onMetaData"],
        [None, "onMetaData", "live"],
    ]
    for before in shapes:
        reader = reader_of(Tag("script", 0, amf0.encode(*before, amf0.EcmaArray(said))))
        assert reader.metadata == said
        assert reader.tracks == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["video", "audio", "script"]),
            st.integers(0, 2**32 - 1),
            st.one_of(
                st.binary(max_size=80),
                st.tuples(
                    st.sampled_from(
                        [b"\x17\x00\x00\x00\x00", b"\x17\x01", b"\x90hvc1", b"\x91av01", b"\x97",
                         b"\x96", b"\xa3avc1", b"\x90vp09", b"\x91vp09", b"\xaf\x00", b"\xaf\x01",
                         b"\x90Opus", b"\x91Opus", b"\x95", b"\x90avc1" + AVCC_720P,
                         b"\x90vp09" + VPCC, b"\x90av01\x81\x00\x0c\x00"]
                    ),
                    st.binary(max_size=80),
                ).map(b"".join),
            ),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_flv_any_tags_raise_nothing_unexpected(tags: list[tuple[TagKind, int, bytes]]) -> None:
    reader = FlvReader()
    for tag in tags:
        with contextlib.suppress(ProtocolError, Refused):
            for packet in reader.read(Tag(*tag)):
                assert len(packet.data)
                assert packet.track in reader.tracks
