"""Players: real viewers, over HLS or WebRTC, each by a name of its own."""

import asyncio
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from emulator.core.errors import Refused
from emulator.scenario.stage import Evening
from emulator.world.live.streams import Stream

if TYPE_CHECKING:
    from emulator.media.webrtc.client.player import Player

PLAYERS_MAX = 500
WHEP_PLAYERS_MAX = 100
# As often as a player of two-second segments asks.
_POLL_SECONDS = 2.0
_AGENT = "live-emulator scenario viewer"


class RealViewers(Protocol):
    """The real viewers of one stream, of one kind."""

    async def reach(self, count: int) -> None:
        """Let there be so many."""


class Players:
    """Viewers who ask for a playlist over HTTP, a task each."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._tasks: list[asyncio.Task[None]] = []
        self._came = 0

    async def reach(self, count: int) -> None:
        """Let there be so many. Who goes, the platform misses after a while."""
        if count > PLAYERS_MAX:
            raise Refused("invalid", f"Real viewers are at most {PLAYERS_MAX}.")
        while len(self._tasks) < count:
            self._came += 1
            self._tasks.append(asyncio.create_task(_watch(self._address, self._came)))
        leaving = [self._tasks.pop() for _ in range(len(self._tasks) - count)]
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)


class WhepPlayers:
    """Viewers over WebRTC, a peer each."""

    def __init__(self, address: str, ca: str) -> None:
        self._address = address
        self._ca = ca
        self._players: list[Player] = []
        self._came = 0

    async def reach(self, count: int) -> None:
        """Let there be so many. Who goes says goodbye. Refuses what the platform refuses."""
        from emulator.media.webrtc.client.player import Player

        if count > WHEP_PLAYERS_MAX:
            raise Refused("invalid", f"Real viewers over WebRTC are at most {WHEP_PLAYERS_MAX}.")
        while len(self._players) < count:
            self._came += 1
            player = Player(self._address, f"{_AGENT} over WebRTC {self._came}", self._ca)
            self._players.append(player)
            try:
                await player.open()
            except Refused:
                self._players.remove(player)
                await player.close()
                raise
        leaving = [self._players.pop() for _ in range(len(self._players) - count)]
        for player in leaving:
            await player.close()


def players_of(evening: Evening, stream: Stream, *, is_whep: bool = False) -> RealViewers:
    """Refuses (`unavailable`) where time stands, or nothing is served."""
    server = evening.server
    if evening.is_virtual or not server.media.startswith("http:"):
        raise Refused("unavailable", "Real viewers need a server and a clock that runs.")
    if is_whep:
        address = f"{server.media}/{stream.uid}/webRTC/play"
        return evening.players.setdefault(f"{stream.id} whep", WhepPlayers(address, server.ca))
    address = f"{server.media}/{stream.uid}/manifest/stream.m3u8"
    return evening.players.setdefault(stream.id, Players(address))


async def _watch(address: str, number: int) -> None:
    """Ask again and again over one connection, and open another where that is lost."""
    parts = urlsplit(address)
    request = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"User-Agent: {_AGENT} {number}\r\nAccept: */*\r\n\r\n"
    ).encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        except OSError:
            await asyncio.sleep(_POLL_SECONDS)
            continue
        try:
            while True:
                writer.write(request)
                await _read_answer(reader)
                await asyncio.sleep(_POLL_SECONDS)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            await asyncio.sleep(_POLL_SECONDS)
        finally:
            writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> None:
    """Take one answer, of which only that it came matters (RFC 9112, 6.3: by its length)."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            await reader.readexactly(int(value))
            return
    raise ValueError("an answer without a length")
