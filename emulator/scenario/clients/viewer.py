"""Viewer: one real viewer, by whatever protocol; and its account."""

from typing import Literal, Protocol

from msgspec import Struct, field

# `page` is what a browser shows: a player with the chat beside it, of a signed-in user.
Kind = Literal["page", "hls", "chat", "whep"]

AGENT = "live-emulator scenario viewer"


class ViewerIdentity(Struct, frozen=True, kw_only=True):
    """One of them. `token` is empty for an anonymous viewer; `headers` say from where."""

    number: int
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        """What tells players without a token apart."""
        return f"{AGENT} {self.number}"


class Viewer(Protocol):
    """Comes once, and goes once."""

    async def come(self) -> None:
        """Begin to watch. Refuses what the platform refuses."""
        ...

    async def go(self) -> None:
        """Leave, as a page that is closed."""
        ...
