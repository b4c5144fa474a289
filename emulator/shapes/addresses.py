"""Addresses: the URLs of this platform: those of the settings, or the ones that the caller used.

A server that listens beyond loopback has names that it cannot know, such as a container's or a
proxy's. Without a setting for them, each answer names the host that its caller used (decision 15).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from emulator.core.hosts import in_url

T = TypeVar("T")

# Clients look for the CDN's name in the addresses of answers (contract, Media addresses).
CDN_NAME = "customer-emulator.cloudflarestream.com"


class Addresses(Struct, frozen=True):
    """The addresses of this platform, without a slash at the end; `media` is the CDN's name.

    `stun` is empty where there is none.
    """

    http: str
    media: str
    rtmp: str
    rtmps: str
    stun: str = ""

    def ready(self) -> dict[str, str]:
        """The addresses in the ready file, by their names there."""
        return {
            "http": self.http,
            "ws": f"ws{self.http.removeprefix('http')}",
            "rtmp": self.rtmp,
            "rtmps": self.rtmps,
            "admin": f"{self.http}/_emulator",
            "console": f"{self.http}/_emulator/",
        }


class Reach(Struct, frozen=True, kw_only=True):
    """The parts of this server's addresses that do not depend on the host.

    `media`, `rtmp` and `rtmps` are those that a setting fixes, empty where they follow the host.
    """

    rtmp_port: int
    rtmps_port: int
    stun_port: int
    media: str = ""
    rtmp: str = ""
    rtmps: str = ""

    def at(self, http: str) -> Addresses:
        """The addresses for a caller that reaches the API at `http`."""
        name = urlsplit(http).hostname or ""
        # `NAME.localhost` chooses a world over HTTP, but few encoders can resolve it.
        host = in_url("localhost" if name.endswith(".localhost") else name)
        return Addresses(
            http=http,
            media=self.media or f"{http}/{CDN_NAME}",
            rtmp=self.rtmp or f"rtmp://{host}:{self.rtmp_port}/live",
            rtmps=self.rtmps or f"rtmps://{host}:{self.rtmps_port}/live",
            stun=f"stun:{host}:{self.stun_port}",
        )


_of_caller: ContextVar[Addresses | None] = ContextVar("_of_caller", default=None)


def of_caller() -> Addresses | None:
    """The addresses by which the current caller reached the server; None for the settings' ones."""
    return _of_caller.get()


@contextmanager
def answering(addresses: Addresses | None) -> Iterator[None]:
    """While the block runs, let `of_caller` return these addresses."""
    token = _of_caller.set(addresses)
    try:
        yield
    finally:
        _of_caller.reset(token)


def for_everyone(publish: Callable[[T], None]) -> Callable[[T], None]:
    """Wrap `publish` for events with many readers: they must not contain one caller's addresses."""

    def publish_to_everyone(fact: T) -> None:
        if _of_caller.get() is None:
            publish(fact)
            return
        with answering(None):
            publish(fact)

    return publish_to_everyone
