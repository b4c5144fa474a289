"""Viewer: one real viewer over any protocol, and its account."""

from typing import Literal, Protocol

from msgspec import Struct, field

# `page` is a browser's page: a player and the chat, of a signed-in user.
Kind = Literal["page", "hls", "chat", "whep"]

AGENT = "live-emulator scenario viewer"


class ViewerIdentity(Struct, frozen=True, kw_only=True):
    """The identity of a viewer. `token` is empty for an anonymous one.

    `headers` tell its country, device and referrer.
    """

    number: int
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        """The user agent, which tells players without a token apart."""
        return f"{AGENT} {self.number}"


class Viewer(Protocol):
    """A viewer that comes once, and goes once."""

    async def come(self) -> None:
        """Start watching. Refuses what the platform refuses."""
        ...

    async def go(self) -> None:
        """Leave, like a page that is closed."""
        ...
