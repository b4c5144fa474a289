"""Where encoders put the key."""

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
def test_the_key_is_found_wherever_the_encoder_put_it(app: str, tc_url: str, name: str) -> None:
    assert locate(app, tc_url, name) == FOUND


def test_what_follows_a_question_mark_is_not_the_key() -> None:
    assert locate("live", URL, "KEY?user=ada&x=1") == StreamAddress("live", "KEY", "user=ada&x=1")


@table(("app", "tc_url"), [("live", URL), ("live", ""), ("live/", URL), ("live", "rtmp://[broken")])
def test_without_a_key_the_application_is_known(app: str, tc_url: str) -> None:
    assert locate(app, tc_url) == StreamAddress("live", "", "")


def test_another_application_is_told_from_the_key() -> None:
    assert locate("other", "rtmp://127.0.0.1/other", "KEY") == StreamAddress("other", "KEY", "")


def test_nothing_is_found_in_nothing() -> None:
    assert locate("", "", "") == StreamAddress("", "", "")


# Slashes and question marks more often than chance would have them.
said = st.text(st.sampled_from("/?:[]@ liveKEY") | st.characters(), max_size=20)


@given(said, said, said)
def test_whatever_an_encoder_says_a_key_is_one_step_of_a_path(
    app: str, tc_url: str, name: str
) -> None:
    stream_address = locate(app, tc_url, name)

    assert "/" not in stream_address.app + stream_address.key
    assert stream_address.app or not stream_address.key
    assert locate(stream_address.app, "", stream_address.key)[:2] == stream_address[:2]
