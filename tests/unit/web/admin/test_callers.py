"""Callers: the origins and hosts that may control the emulator."""

import pytest

from emulator.web.admin.callers import CallerRequest, Callers
from tests.support.tables import table

HERE = "127.0.0.1:8787"


def is_refused(callers: Callers, *, host: str = HERE, origin: str = "", **rest: str) -> bool:
    rest.setdefault("method", "POST")
    origins = (origin,) if origin else ()
    return callers.refusal(CallerRequest(hosts=(host,), origins=origins, **rest)) is not None


@table(
    "host",
    [
        HERE,
        "localhost",
        "LOCALHOST:8787",
        "localhost.:8787",
        "ci-7.localhost:8787",
        "[::1]:8787",
        "192.168.1.20:8787",
        "[2001:db8::1]",
    ],
)
def test_callers_host_of_this_machine_or_an_address_is_allowed(host: str) -> None:
    assert not is_refused(Callers(), host=host)


@table(
    "host",
    [
        "evil.example",
        "evil.example:8787",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "evil.example/127.0.0.1",
        "127.1",
        "0x7f000001",
        "",
        "[::1",
        "a b",
        "evil.example, 127.0.0.1",
    ],
)
def test_callers_other_host_is_refused(host: str) -> None:
    assert is_refused(Callers(), host=host)


@table(
    "origin",
    [
        "http://127.0.0.1:8787",
        "http://localhost:3000",
        "https://app.localhost",
        "http://[::1]:5173",
        "http://127.8.8.8",
        "capacitor://localhost",
    ],
)
def test_callers_origin_on_loopback_is_allowed(origin: str) -> None:
    assert not is_refused(Callers(), origin=origin)


@table(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://192.168.1.20:8787",
        "http://localhost@evil.example",
        "https://evil.example#http://localhost",
        "file://",
        "localhost",
        "http://localhost, https://evil.example",
    ],
)
def test_callers_other_origin_is_refused(origin: str) -> None:
    assert is_refused(Callers(), origin=origin)


def test_callers_own_origin_is_that_of_the_host_with_its_port() -> None:
    callers = Callers(hosts="emulator")
    assert not is_refused(callers, host="192.168.1.20:8787", origin="http://192.168.1.20:8787")
    assert not is_refused(callers, host="emulator", origin="https://emulator")
    assert is_refused(callers, host="192.168.1.20:8787", origin="http://192.168.1.20:3000")
    assert is_refused(callers, host="emulator", origin="http://emulator:8080")


@table(
    ("setting", "host", "is_allowed"),
    [
        ("emulator", "emulator:8787", True),
        ("emulator", "emulator2", False),
        ("emulator:8787", "emulator:8787", True),
        ("emulator:8787", "emulator:80", False),
        ("a, *.Example.test", "x.y.example.test", True),
        ("*.example.test", "example.test", False),
        ("*", "anything.example", True),
    ],
)
def test_callers_setting_names_hosts(setting: str, host: str, is_allowed: bool) -> None:
    assert is_refused(Callers(hosts=setting), host=host) is not is_allowed


@table(
    ("setting", "origin", "is_allowed"),
    [
        ("https://app.example.test", "https://app.example.test", True),
        ("https://app.example.test/", "https://app.example.test:443", True),
        ("https://app.example.test", "http://app.example.test", False),
        ("https://app.example.test", "https://app.example.test:8443", False),
        ("http://app:3000", "http://app:3000", True),
        ("http://app:3000", "http://app", False),
        ("https://*.example.test", "https://a.example.test", True),
        ("https://*.example.test", "https://example.test", False),
        ("null", "null", True),
        ("null", "https://evil.example", False),
        ("*", "https://evil.example", True),
        ("*", "null", False),
        ("http://[2001:db8::1]:3000", "http://[2001:db8::1]:3000", True),
    ],
)
def test_callers_setting_names_origins(setting: str, origin: str, is_allowed: bool) -> None:
    assert is_refused(Callers(setting), origin=origin) is not is_allowed


@table("origins", ["app.example.test", "https://", "https://a b", "https://a/b"])
def test_callers_invalid_origin_setting_is_refused(origins: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        Callers(origins)


@table("hosts", ["https://emulator", "a/b", "a.*"])
def test_callers_invalid_host_setting_is_refused(hosts: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        Callers(hosts=hosts)


@table("site", ["cross-site", "same-site"])
def test_callers_page_without_an_origin_is_known_by_fetch_metadata(site: str) -> None:
    callers = Callers()
    image = {"fetch_site": site, "fetch_mode": "no-cors", "fetch_dest": "image", "method": "GET"}
    assert is_refused(callers, **image)
    assert is_refused(callers, **image, referer="https://evil.example/page")
    assert not is_refused(callers, **image, referer="http://localhost:3000/page")


def test_callers_link_is_followed_but_no_frame_and_no_form() -> None:
    callers = Callers()
    link = {"fetch_site": "cross-site", "fetch_mode": "navigate", "fetch_dest": "document"}
    assert not is_refused(callers, method="GET", **link)
    assert is_refused(callers, method="POST", **link)
    assert is_refused(callers, method="GET", **{**link, "fetch_dest": "iframe"})


def test_callers_program_without_a_browser_is_allowed() -> None:
    assert not is_refused(Callers())
    assert not is_refused(Callers(), fetch_site="none")
    assert Callers().refusal(CallerRequest("GET", hosts=(), origins=())) is None
