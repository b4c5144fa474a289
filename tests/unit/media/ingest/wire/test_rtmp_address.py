"""The stream key in the addresses that encoders send."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.media.ingest.wire.rtmp_address import StreamAddress, locate
from tests.support.tables import table

URL = "rtmp://127.0.0.1:1935/live"
FOUND = StreamAddress("live", "KEY", "")


@table(
    ("app", "tc_url", "name"),
    [
        ("live", URL, "KEY"),
        ("live/", URL + "/", "KEY"),
        ("/live", URL, "/KEY"),
        ("live", URL, "KEY/"),
        ("live/KEY", URL + "/KEY", ""),
        ("live/KEY/", URL + "/KEY/", ""),
        ("live/instance", URL + "/instance", "KEY"),
        ("live", URL + "/KEY", ""),
        ("", URL, "KEY"),
        ("", "rtmp://127.0.0.1", "live/KEY"),
        ("", URL + "/KEY", ""),
        ("live?mode=x", URL + "?mode=x", "KEY"),
        ("live", "", "KEY"),
        ("", "", "live/KEY"),
    ],
)
def test_rtmp_address_key_is_read_from_every_place_that_encoders_use(
    app: str, tc_url: str, name: str
) -> None:
    assert locate(app, tc_url, name) == FOUND


def test_rtmp_address_query_is_no_part_of_the_key() -> None:
    assert locate("live", URL, "KEY?user=ada&x=1") == StreamAddress("live", "KEY", "user=ada&x=1")


@table(("app", "tc_url"), [("live", URL), ("live", ""), ("live/", URL), ("live", "rtmp://[broken")])
def test_rtmp_address_application_is_known_without_a_key(app: str, tc_url: str) -> None:
    assert locate(app, tc_url) == StreamAddress("live", "", "")


def test_rtmp_address_other_application_is_distinct_from_the_key() -> None:
    assert locate("other", "rtmp://127.0.0.1/other", "KEY") == StreamAddress("other", "KEY", "")


def test_rtmp_address_empty_has_no_key() -> None:
    assert locate("", "", "") == StreamAddress("", "", "")


# Slashes and question marks are more frequent than by chance.
said = st.text(st.sampled_from("/?:[]@ liveKEY") | st.characters(), max_size=20)


@given(said, said, said)
def test_rtmp_address_any_key_is_one_path_segment(app: str, tc_url: str, name: str) -> None:
    stream_address = locate(app, tc_url, name)

    assert "/" not in stream_address.app + stream_address.key
    assert stream_address.app or not stream_address.key
    assert locate(stream_address.app, "", stream_address.key)[:2] == stream_address[:2]
