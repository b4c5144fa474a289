"""PeerLink: one peer's encrypted transport, from its offer to its end: ICE, DTLS, SRTP.

aiortc does the handshake (DTLS, RFC 5764) and makes the keys; RTP and RTCP are decrypted and
encrypted here, datagram by datagram on the loop, without a task or a thread per peer
(docs/decisions/0004).
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from emulator.media.webrtc.config import UdpPorts, WebRtcConfig
from emulator.media.webrtc.ice import Ice
from emulator.media.webrtc.rtp.packets import is_rtcp
from emulator.media.webrtc.sdp.answer import Local
from emulator.media.webrtc.sdp.description import Remote

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCCertificate

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


@cache
def certificate() -> "RTCCertificate":
    """One certificate for all peers of this process."""
    from aiortc.rtcdtlstransport import RTCCertificate

    return RTCCertificate.generateCertificate()


class PeerLink:
    """One peer's transport. `on_rtp` and `on_rtcp` get decrypted packets; `on_end` is called once.

    No callback is made before `run`, and none after `on_end`.
    """

    def __init__(
        self,
        config: WebRtcConfig,
        ports: UdpPorts,
        *,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        on_open: Callable[[], None],
        on_end: Callable[[str], None],
        is_offerer: bool = False,
    ) -> None:
        from aiortc.rtcdtlstransport import RTCDtlsTransport

        self._config = config
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._on_open = on_open
        self._on_end = on_end
        self._is_offerer = is_offerer
        self._ice = Ice(config, ports, self._unprotect, is_controlling=is_offerer)
        self._dtls = RTCDtlsTransport(cast("Any", self._ice), [certificate()])
        self._dtls.on("statechange", self._look_at_dtls)
        self._is_over = False
        self._over = asyncio.Event()
        self._lookups: set[asyncio.Task[None]] = set()
        self.reason = ""
        self.local = Local("", "", "", "", ())
        self.is_open = False

    @property
    def is_over(self) -> bool:
        return self._is_over

    @property
    def peer(self) -> str:
        return self._ice.peer

    async def prepare(self, remote: Remote) -> Local:
        """Open our sockets; return our side of the transport. Refuses (`unavailable`)."""
        # RFC 8842, 5.3: if the peer leaves the choice to us, we are the client.
        is_server = remote.setup == "active"
        self._dtls._set_role("server" if is_server else "client")
        return await self._open_sockets("passive" if is_server else "active")

    async def prepare_offer(self) -> Local:
        """Open our sockets for an offer; the answer decides who begins the handshake."""
        return await self._open_sockets("actpass")

    async def _open_sockets(self, setup: str) -> Local:
        candidates = await self._ice.gather()
        digest = next(
            fingerprint.value
            for fingerprint in certificate().getFingerprints()
            if fingerprint.algorithm == "sha-256"
        )
        self.local = Local(
            ufrag=self._ice.ufrag,
            password=self._ice.password,
            fingerprint=digest,
            setup=setup,
            candidates=candidates,
        )
        return self.local

    async def run(self, remote: Remote) -> None:
        """Connect, serve the peer until its end, and free everything. Never raises."""
        over = asyncio.ensure_future(self._over.wait())
        self.learn(remote.candidates)
        connecting = asyncio.ensure_future(self._connect(remote))
        seconds = self._config.connect_ms / 1000
        try:
            await asyncio.wait(
                {over, connecting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if connecting.done():
                connecting.result()
                await self._stay(over)
            else:
                self.end(f"it did not connect within {seconds:g} s. {self._ice.hint}")
        except ConnectionError as error:
            self.end(f"it could not be reached: {error}. {self._ice.hint}")
        except Exception:  # A bug of the emulator: it ends this peer, not the server.
            log.exception("a WebRTC peer failed")
            self.end("an internal error of the emulator: see its log")
        finally:
            tasks = (over, connecting, *self._lookups)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.free()

    def learn(self, candidates: tuple[str, ...]) -> None:
        """Add candidates from the offer, or from trickle ICE later. Names are looked up."""
        if not self._is_over:
            task = asyncio.ensure_future(self._ice.add(candidates))
            self._lookups.add(task)
            task.add_done_callback(self._lookups.discard)

    def end(self, reason: str) -> None:
        """Close for this reason. A second or late call does nothing."""
        if self._is_over:
            return
        self._is_over = True
        self.is_open = False
        self.reason = reason
        self._over.set()
        self._on_end(reason)

    def send_rtp(self, packet: bytes) -> None:
        if self.is_open:
            self._ice.send(self._dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        if self.is_open:
            self._ice.send(self._dtls._tx_srtp.protect_rtcp(packet))

    async def _connect(self, remote: Remote) -> None:
        from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters

        if self._is_offerer:
            self._dtls._set_role("server" if remote.setup == "active" else "client")
        await self._ice.connect(remote)
        proofs = [RTCDtlsFingerprint(*fingerprint) for fingerprint in remote.fingerprints]
        await self._dtls.start(RTCDtlsParameters(proofs))
        if self._dtls.state != "connected":
            raise ConnectionError("the DTLS handshake failed")
        self.is_open = not self._is_over
        if self.is_open:
            self._on_open()

    async def _stay(self, over: "asyncio.Task[bool]") -> None:
        """Wait until `end` is called, or the peer has been silent for too long."""
        loop = asyncio.get_running_loop()
        while not self._is_over:
            await asyncio.wait({over}, timeout=_LOOK_SECONDS)
            if loop.time() - self._ice.heard_at > self._config.idle_ms / 1000:
                self.end(f"nothing came from it for {self._config.idle_ms / 1000:g} s")

    async def free(self) -> None:
        """Close the sockets; a peer that never connected is sent nothing."""
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        await self._ice.close()

    def _look_at_dtls(self) -> None:
        if self._dtls.state in ("closed", "failed") and self.is_open:
            self.end("it closed the connection")

    def _unprotect(self, data: bytes) -> None:
        import pylibsrtp

        if not self.is_open:
            return
        try:
            if is_rtcp(data):
                self._on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(data))
            else:
                self._on_rtp(self._dtls._rx_srtp.unprotect(data))
        except pylibsrtp.Error:
            log.debug("a datagram was dropped: it is not from the peer, or a repetition")
