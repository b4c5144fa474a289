"""A viewer's country, device and referrer, read from a request."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from emulator.web.playback.audience import DEVICES, country_of, device_of, referrer_of
from tests.support.tables import table

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"
TABLET = "Mozilla/5.0 (Linux; Android 14; SM-X906C) Chrome/120.0 Safari/537.36"
TV = "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) Version/7.0 TV Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Chrome/120.0 Safari/537.36"


def asked(**headers: str) -> HTTPConnection:
    sent = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, value in headers.items()
    ]
    return HTTPConnection({"type": "http", "headers": sent})


@table(
    ("headers", "country"),
    [
        ({"x_emulator_country": "de"}, "DE"),
        ({"cf_ipcountry": "FR"}, "FR"),
        ({"cloudfront_viewer_country": "JP"}, "JP"),
        ({"x_emulator_country": "US", "cf_ipcountry": "FR"}, "US"),
        ({"x_emulator_country": "Germany", "cf_ipcountry": "FR"}, "FR"),
        ({"cf_ipcountry": "XX"}, "ZZ"),
        ({"cf_ipcountry": "T1"}, "ZZ"),
        ({}, "ZZ"),
    ],
)
def test_playback_audience_country_comes_from_a_header(
    headers: dict[str, str], country: str
) -> None:
    assert country_of(asked(**headers)) == country


@table(
    ("headers", "device"),
    [
        ({"user_agent": IPHONE}, "mobile"),
        ({"user_agent": IPAD}, "tablet"),
        ({"user_agent": PHONE}, "mobile"),
        ({"user_agent": TABLET}, "tablet"),
        ({"user_agent": TV}, "tv"),
        ({"user_agent": MAC}, "desktop"),
        ({"user_agent": "Lavf/60.16.100"}, "unknown"),
        ({"user_agent": MAC, "x_emulator_device": "TV"}, "tv"),
        ({"user_agent": MAC, "cf_device_type": "mobile"}, "mobile"),
        ({"user_agent": MAC, "cloudfront_is_smarttv_viewer": "true"}, "tv"),
        ({}, "unknown"),
    ],
)
def test_playback_audience_device_comes_from_a_header_or_the_agent(
    headers: dict[str, str], device: str
) -> None:
    assert device_of(asked(**headers)) == device


@table(
    ("headers", "referrer"),
    [
        ({"referer": "https://news.example/today?x=1"}, "news.example"),
        ({"origin": "http://localhost:3000", "host": "127.0.0.1:8787"}, "localhost"),
        ({"referer": "http://127.0.0.1:8787/x/watch", "host": "127.0.0.1:8787"}, "direct"),
        ({"referer": "null"}, "direct"),
        ({"referer": "http://[oops"}, "direct"),
        ({"referer": f"http://{'a' * 200}.example/"}, "direct"),
        ({}, "direct"),
    ],
)
def test_playback_audience_referrer_is_the_host_of_another_site(
    headers: dict[str, str], referrer: str
) -> None:
    assert referrer_of(asked(**headers)) == referrer


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_playback_audience_any_header_gives_bounded_values(value: str) -> None:
    connection = asked(
        x_emulator_country=value, user_agent=value, referer=value, x_emulator_device=value
    )

    assert len(country_of(connection)) == 2
    assert device_of(connection) in (*DEVICES, "unknown")
    assert 0 < len(referrer_of(connection)) <= 100
