"""The registry of codecs: known ones are found, others are refused by name."""

import pytest

from emulator.core.errors import Refused
from emulator.media import codecs
from tests.support.tables import table


@table(
    ("fourcc", "name"), [(b"avc1", "H.264"), (b"hvc1", "HEVC"), (b"av01", "AV1"), (b"vp09", "VP9")]
)
def test_codecs_video_is_looked_up_by_fourcc(fourcc: bytes, name: str) -> None:
    assert codecs.video(fourcc).name == name


@table(("fourcc", "name"), [(b"mp4a", "AAC"), (b"Opus", "Opus")])
def test_codecs_audio_is_looked_up_by_fourcc(fourcc: bytes, name: str) -> None:
    assert codecs.audio(fourcc).name == name


def test_codecs_legacy_ids_give_the_same_formats() -> None:
    assert codecs.legacy_video(7) is codecs.video(b"avc1")
    assert codecs.legacy_video(12) is codecs.video(b"hvc1")
    assert codecs.legacy_audio(10) is codecs.audio(b"mp4a")


@table(("number", "name"), [(2, "Sorenson"), (4, "VP6"), (13, "AV1 under"), (15, "number 15")])
def test_codecs_other_legacy_video_is_refused_by_name(number: int, name: str) -> None:
    with pytest.raises(Refused, match=f"{name}.*not supported") as refused:
        codecs.legacy_video(number)
    assert refused.value.code == "unsupported"


@table(("number", "name"), [(2, "MP3"), (11, "Speex"), (14, "MP3")])
def test_codecs_other_legacy_audio_is_refused_by_name(number: int, name: str) -> None:
    with pytest.raises(Refused, match=f"{name}.*not supported"):
        codecs.legacy_audio(number)


@table(
    ("fourcc", "name"), [(b".mp3", "MP3"), (b"fLaC", "FLAC"), (b"ac-3", "AC-3"), (b"abcd", "abcd")]
)
def test_codecs_other_fourccs_are_refused_by_name(fourcc: bytes, name: str) -> None:
    with pytest.raises(Refused, match=name):
        codecs.audio(fourcc)


def test_codecs_unprintable_fourcc_is_shown_as_numbers() -> None:
    with pytest.raises(Refused, match="000a1bff"):
        codecs.video(b"\x00\x0a\x1b\xff")
