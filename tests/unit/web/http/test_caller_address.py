"""The address that a request says it used."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from emulator.web.http.caller_address import caller_host, used_by
from tests.support.tables import table


@table(
    ("headers", "http"),
    [
        ({"host": "emulator:18787"}, "http://emulator:18787"),
        ({"host": "streams.test"}, "http://streams.test"),
        ({"host": "[2001:db8::7]:8787"}, "http://[2001:db8::7]:8787"),
        ({"host": "a", "x-forwarded-host": "b.test:8443, c"}, "http://b.test:8443"),
        (
            {"host": "a:8787", "x-forwarded-host": "b.test", "x-forwarded-proto": "https, http"},
            "https://b.test",
        ),
        ({"host": "a.test", "x-forwarded-proto": "https"}, "https://a.test"),
        ({"x-forwarded-host": "b.test", "x-forwarded-port": "9000"}, "http://b.test:9000"),
        ({"x-forwarded-host": "[::1]", "x-forwarded-port": "9000"}, "http://[::1]:9000"),
        ({"x-forwarded-host": "b.test", "x-forwarded-port": "80"}, "http://b.test"),
        # An invalid host, scheme or port is ignored.
        ({"host": "a.test", "x-forwarded-host": "<b>"}, "http://a.test"),
        ({"host": "a.test", "x-forwarded-proto": "gopher"}, "http://a.test"),
        ({"x-forwarded-host": "b", "x-forwarded-port": "x"}, "http://b"),
        ({"host": "a b"}, None),
        ({"host": "a/../b"}, None),
        ({}, None),
    ],
)
def test_caller_address_comes_from_the_proxy_or_the_host_header(
    headers: dict[str, str], http: str | None
) -> None:
    assert used_by("http", Headers(headers)) == http


@table(
    ("forwarded", "host"),
    [
        ("", "10.0.0.1"),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("203.0.113.7:50001", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:50001", "2001:db8::7"),
        ("a viewer", "10.0.0.1"),
    ],
)
def test_caller_host_is_a_proxys_client(forwarded: str, host: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "headers": headers, "client": ("10.0.0.1", 5000)}
    assert caller_host(HTTPConnection(scope)) == host
