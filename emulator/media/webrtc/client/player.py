"""Player: one WHEP viewer that decodes no media: it counts packets, and sends receiver reports."""

import asyncio

from emulator.core.errors import ProtocolError, Refused
from emulator.media.webrtc.client import http
from emulator.media.webrtc.config import UdpPorts, WebRtcConfig
from emulator.media.webrtc.link import PeerLink
from emulator.media.webrtc.rtp import packets, rtcp
from emulator.media.webrtc.sdp.answer import write_offer
from emulator.media.webrtc.sdp.description import Direction, parse

_SOUND_CODE, _PICTURE_CODE = 111, 102
_DIRECTION: Direction = "recvonly"
_REPORT_SECONDS = 1.0


class Player:
    """One viewer. `name` tells viewers of one machine apart; `packets` counts received ones."""

    def __init__(self, address: str, name: str, ca: str) -> None:
        self.packets = 0
        self._address = address
        self._name = name
        self._ca = ca
        self._heard: dict[int, int] = {}
        self._opened = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._reporting: asyncio.TimerHandle | None = None
        self._link = PeerLink(
            WebRtcConfig(addresses=()),
            UdpPorts(""),
            on_rtp=self._count,
            on_rtcp=_ignore,
            on_open=self._begin,
            on_end=self._ended,
            is_offerer=True,
        )

    @property
    def sources(self) -> int:
        """The number of received sources: video and audio are two."""
        return len(self._heard)

    async def open(self) -> None:
        """Connect. Refuses what the platform refuses, and (`unavailable`) an unreachable server."""
        local = await self._link.prepare_offer()
        offer = write_offer(local, (_SOUND_CODE, None), (_PICTURE_CODE, None), _DIRECTION)
        sdp, _ = await asyncio.to_thread(http.post, self._address, offer, self._ca, self._name)
        self._running = asyncio.ensure_future(self._link.run(parse(sdp).remote))
        await self._opened.wait()
        if not self._link.is_open:
            raise Refused("unavailable", f"No WebRTC connection: {self._link.reason}.")

    async def close(self) -> None:
        self._link.end("the viewer closed it")
        if self._running is not None:
            await self._running
        else:
            await self._link.free()

    def _begin(self) -> None:
        self._opened.set()
        self._report()

    def _count(self, data: bytes) -> None:
        try:
            packet = packets.parse(data)
        except ProtocolError:
            return
        self.packets += 1
        self._heard[packet.ssrc] = packet.sequence

    def _report(self) -> None:
        """Send receiver reports, which show the server that somebody watches (RFC 3550, 6.4.2)."""
        for ssrc, highest in self._heard.items():
            self._link.send_rtcp(
                rtcp.receiver_report(
                    1, ssrc, fraction_lost=0, lost=0, highest=highest, last=0, delay=0
                )
            )
        loop = asyncio.get_running_loop()
        self._reporting = loop.call_later(_REPORT_SECONDS, self._report)

    def _ended(self, reason: str) -> None:  # noqa: ARG002 -- the link keeps it
        if self._reporting is not None:
            self._reporting.cancel()
        self._opened.set()


def _ignore(data: bytes) -> None:
    """Do nothing: a viewer that decodes no media needs no clock."""
