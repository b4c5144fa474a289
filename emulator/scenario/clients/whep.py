"""WhepViewer: one viewer over WebRTC."""

from emulator.core.errors import Refused
from emulator.media.webrtc.client.player import Player
from emulator.scenario.clients.viewer import ViewerIdentity


class WhepViewer:
    """A viewer that ends its session when it goes."""

    def __init__(self, address: str, identity: ViewerIdentity, ca: str) -> None:
        self._player = Player(address, f"{identity.agent} over WebRTC", ca)

    async def come(self) -> None:
        try:
            await self._player.open()
        except Refused:
            await self._player.close()
            raise

    async def go(self) -> None:
        await self._player.close()
