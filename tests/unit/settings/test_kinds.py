"""Kinds of settings: how values are written, and the errors for invalid ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.setting import Choice, Count, Duration, Flag, Kind, Size, Text, Words
from emulator.settings.kinds import File, Folder, HostNames, Url
from tests.support.tables import table


def test_setting_kinds_bare_duration_is_in_the_setting_unit() -> None:
    assert Duration("ms").parse("200") == 200
    assert Duration("ms").parse("0.2s") == 200


@table(
    ("text", "is_true"), [("true", True), ("ON", True), ("1", True), ("no", False), ("0", False)]
)
def test_setting_kinds_flag_takes_common_spellings(text: str, is_true: bool) -> None:
    assert Flag().parse(text) is is_true


def test_setting_kinds_flag_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="'maybe' is neither true nor false"):
        Flag().parse("maybe")


def test_setting_kinds_count_is_whole() -> None:
    assert Count().parse(" 12 ") == 12
    with pytest.raises(ValueError, match=r"'1\.5' is not a whole number"):
        Count().parse("1.5")


def test_setting_kinds_bounds_are_shown_in_common_units() -> None:
    with pytest.raises(ValueError, match="20s is out of range: 500ms to 10s"):
        Duration("s", 500, 10_000).check(20_000)
    with pytest.raises(ValueError, match="2GiB is out of range: 1KiB to 1GiB"):
        Size(1024, 2**30).check(2**31)


def test_setting_kinds_home_folder_is_expanded_and_shown_short() -> None:
    folder = Folder((":memory:",))

    assert "~" not in folder.parse("~/emulator")
    assert folder.show(folder.parse("~/emulator")) == "~/emulator"
    assert folder.parse(":memory:") == ":memory:"
    assert "~" not in str(File().parse("~/key.pem"))


@given(st.text(max_size=30))
def test_setting_kinds_any_text_is_read_or_refused(text: str) -> None:
    kinds: tuple[Kind, ...] = (
        Text(),
        Count(),
        Flag(),
        Choice(("a", "b")),
        Duration("s"),
        Size(),
    )
    for kind in kinds:
        try:
            kind.check(kind.parse(text))
        except ValueError as refusal:
            assert str(refusal)  # noqa: PT017 -- most texts raise, some do not


def test_setting_kinds_word_list_takes_listed_words_only() -> None:
    kind = Words(("720p", "480p"))

    assert kind.parse("720p, 480p") == ("720p", "480p")
    assert kind.parse("none") == kind.parse("") == ()
    assert kind.show(("720p", "480p")) == "720p,480p"
    with pytest.raises(ValueError, match="'90p' is not one of 720p, 480p"):
        kind.check(("90p",))


@table(
    "text",
    ["http://emulator:18787", "https://streams.example.org/", "http://[2001:db8::7]:80", ""],
)
def test_setting_kinds_server_url_is_scheme_host_and_port(text: str) -> None:
    value = Url(("http", "https")).parse(text)
    Url(("http", "https")).check(value)
    assert value == text.rstrip("/")


@table(
    ("text", "message"),
    [
        ("streams.example.org", "is not a URL of http or https; write it like http://streams"),
        ("ftp://a", "is not a URL of http or https"),
        ("http://", "is not a URL of http or https"),
        ("http://a:99999", "is not a URL; write it like"),
        ("http://a:0", "is not a URL of http or https"),
        ("http://[1", "is not a URL; write it like"),
        ("http://a b", "has an invalid host"),
        ("http://me:pw@a", "nothing else"),
        ("http://a/?x=1", "nothing else"),
        ("http://a/behind", "has a path; the address must end behind its port"),
    ],
)
def test_setting_kinds_invalid_server_url_is_refused(text: str, message: str) -> None:
    kind = Url(("http", "https"))
    with pytest.raises(ValueError, match=message):
        kind.check(kind.parse(text))


def test_setting_kinds_url_may_have_a_path_where_the_setting_allows_it() -> None:
    Url(("rtmp",), has_path=True).check("rtmp://a:1935/live")


def test_setting_kinds_host_names_are_checked_and_platform_stands_for_several() -> None:
    kind = HostNames(("api.example.studio", "*.cdn.example"))

    assert kind.names("") == ()
    assert kind.names("platform, Mine.example.org, *.cdn.example") == (
        "api.example.studio",
        "*.cdn.example",
        "mine.example.org",
    )
    for wrong in ("https://a.example", "a.*.example", "a.example:443", "*"):
        with pytest.raises(ValueError, match="is not a host name"):
            kind.check(wrong)
