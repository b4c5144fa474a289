"""Whole sessions of real encoders (`fixtures/rtmp`), in pieces of every length."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0
from emulator.media.ingest.wire.rtmp_session import (
    ConnectRequested,
    PublishEnded,
    PublishRequested,
    SessionEvent,
)
from tests.support.rtmp_wire import drive, new_session
from tests.support.tables import table

FOLDER = Path(__file__).parents[5] / "fixtures" / "rtmp"
RECORDINGS = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.bin"))}
WHOLE = {name: drive(new_session(), [stream]) for name, stream in RECORDINGS.items()}

each_recording = pytest.mark.parametrize("name", sorted(RECORDINGS))


def tags(events: list[SessionEvent]) -> list[Tag]:
    return [event for event in events if isinstance(event, Tag)]


@table(
    ("name", "encoder", "counts"),
    [
        ("obs-29", "FMLE/3.0 (compatible; FMSc/1.0)", {"audio": 163, "video": 105, "script": 1}),
        (
            "ffmpeg-5",
            "FMLE/3.0 (compatible; Lavf59.27.100)",
            {"audio": 96, "video": 62, "script": 1},
        ),
        (
            "ffmpeg-9",
            "FMLE/3.0 (compatible; Lavf63.1.102)",
            {"audio": 96, "video": 62, "script": 1},
        ),
        (
            "ffmpeg-9-hevc-opus",
            "FMLE/3.0 (compatible; Lavf63.1.102)",
            {"audio": 103, "video": 62, "script": 1},
        ),
    ],
)
def test_rtmp_recordings_have_the_media_of_their_encoder(
    name: str, encoder: str, counts: dict[str, int]
) -> None:
    url = "rtmp://127.0.0.1:19352/live"
    events = WHOLE[name]
    assert events[0] == ConnectRequested("live", url, encoder)
    assert events[1] == PublishRequested("live", "recordedkey", url, "")
    assert Counter(tag.kind for tag in tags(events)) == counts


@table("name", [name for name in sorted(RECORDINGS) if "ffmpeg" in name])
def test_rtmp_recordings_ffmpeg_ends_with_unpublish(name: str) -> None:
    assert WHOLE[name][-1] == PublishEnded("the publisher stopped")


@each_recording
def test_rtmp_recordings_time_of_each_kind_never_runs_back(name: str) -> None:
    for kind in ("audio", "video"):
        times = [tag.timestamp_ms for tag in tags(WHOLE[name]) if tag.kind == kind]
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert 1900 < times[-1] < 4000


@each_recording
def test_rtmp_recordings_metadata_is_read(name: str) -> None:
    [script] = [tag for tag in tags(WHOLE[name]) if tag.kind == "script"]
    frame, on_metadata, metadata = amf0.decode(script.payload)
    assert (frame, on_metadata) == ("@setDataFrame", "onMetaData")
    assert isinstance(metadata, dict)
    assert (metadata["width"], metadata["height"]) == (160.0, 90.0)


@each_recording
def test_rtmp_recordings_one_byte_pieces_give_equal_events(name: str) -> None:
    stream = RECORDINGS[name]
    pieces = (stream[at : at + 1] for at in range(len(stream)))
    assert drive(new_session(), pieces) == WHOLE[name]


@given(
    st.sampled_from(sorted(RECORDINGS)),
    st.lists(st.integers(1, 3000), min_size=1, max_size=50),
)
def test_rtmp_recordings_any_pieces_give_equal_events(name: str, sizes: list[int]) -> None:
    stream, start = RECORDINGS[name], 0
    pieces: list[bytes] = []
    while start < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[start : start + size])
        start += size
    assert drive(new_session(), pieces) == WHOLE[name]
