"""Hosts: valid host names in URLs."""

import pytest

from emulator.core.errors import Refused
from emulator.core.hosts import check_receiver, is_host, is_uri
from emulator.world.live import streams, targets
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World
from tests.support.tables import table

GOOD = ["localhost", "127.0.0.1", "[::1]", "[2001:db8::7]", "my_service", "a.example.test."]
BAD = ["[::1", "[:::]", "[1.2.3.4]", "[]", "::1", "a..b", ".", "...", "-", "-a", "a" * 64, ""]


@table("host", GOOD)
def test_hosts_valid_host_is_accepted(host: str) -> None:
    assert is_host(host)
    check_receiver(f"http://{host}:9000/hook")


@pytest.mark.parametrize("host", BAD)
def test_hosts_invalid_host_makes_url_refused(host: str, world: World) -> None:
    assert not is_host(host)
    for url in (f"http://{host}", f"http://{host}:9000/hook", f"https://{host}/"):
        with pytest.raises(ValueError, match="A webhook's url is like"):
            check_receiver(url)
    owner = accounts.make(world, "ada", api_key="k")
    stream = streams.create(world, owner, StreamPatch({"title": "A"}))
    with pytest.raises(Refused, match="A target's address"):
        targets.add(world, stream, f"rtmp://{host}/live", "key")


@table(
    "text",
    [
        "https://example.com/mine.jpg",
        "HTTP://EXAMPLE.com",
        "http://[::1]:8787/a.jpg?width=5#top",
        "https://ada:secret@example.com/",
        "https://bücher.example/ü.jpg",
        "data:image/png;base64,AAAA",
    ],
)
def test_hosts_uri_is_accepted(text: str) -> None:
    assert is_uri(text)


@table(
    "text",
    [
        "not a url",
        "mine.jpg",
        "/images/mine.jpg",
        "//example.com/mine.jpg",
        "https://",
        "https:/example.com",
        "https:///mine.jpg",
        "https://a..b/",
        "https://[::1/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://example.com/mine picture.jpg",
        "https://example.com/\n",
        "1https://example.com",
        "<script>",
        ":",
    ],
)
def test_hosts_text_that_is_no_uri_is_refused(text: str) -> None:
    assert not is_uri(text)
