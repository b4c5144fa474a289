"""ICE: a peer's UDP sockets and connectivity checks. aioice does the checks; the sockets are ours.

aioice's own sockets bind every address but loopback, on any port, and it tries to read each media
datagram as a STUN message first. Here only datagrams from a peer that a check has verified are
accepted.
"""

import asyncio
import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from emulator.core.errors import Refused
from emulator.media.webrtc.config import UdpPorts, WebRtcConfig
from emulator.media.webrtc.sdp.description import Remote

if TYPE_CHECKING:
    from aioice.candidate import Candidate
    from aioice.ice import Connection, StunProtocol

log = logging.getLogger(__name__)

# The first bytes by which protocols on one port are distinguished (RFC 7983, 7).
_STUN_LAST, _DTLS_FIRST, _DTLS_LAST, _RTP_FIRST, _RTP_LAST = 3, 20, 63, 128, 191
_COMPONENT = 1
# RFC 8445, 5.1.2.1: the local preference of the main candidates, and of those that only some peers
# need.
_PREFERENCE, _EXTRA_PREFERENCE = 65_535, 32_767
# The number of unread DTLS datagrams; more than this is not a handshake.
_UNREAD_MAX = 64


class Ice:
    """One peer's connectivity. `on_media` gets RTP and RTCP as they came; `_recv` returns DTLS.

    The names with an underscore are those that aiortc's DTLS transport expects of its ICE
    transport.
    """

    def __init__(
        self,
        config: WebRtcConfig,
        ports: UdpPorts,
        on_media: Callable[[bytes], None],
        *,
        is_controlling: bool = False,
    ) -> None:
        from aioice.ice import Connection

        self._config = config
        self._ports = ports
        self._on_media = on_media
        self._connection = Connection(ice_controlling=is_controlling)
        # aioice opens its sockets in this one method, and has no parameter for them.
        self._connection.get_component_candidates = self._bind  # type: ignore[method-assign]  # on purpose
        self._sockets: list[_Socket] = []
        self._offered = 0
        self._loop = asyncio.get_running_loop()
        self._last: tuple[str, int] | None = None
        self.heard_at = self._loop.time()
        self._recv = self._connection.recv
        self._send = self._connection.send

    @property
    def role(self) -> str:
        return "controlling" if self._connection.ice_controlling else "controlled"

    @property
    def ufrag(self) -> str:
        return self._connection.local_username

    @property
    def password(self) -> str:
        return self._connection.local_password

    async def gather(self) -> tuple[str, ...]:
        """Return our candidates, as in SDP. Refuses (`unavailable`) when no port is free."""
        await self._connection.gather_candidates()
        names = tuple(
            local_candidate.to_sdp() for local_candidate in self._connection.local_candidates
        )
        if not names:
            raise Refused("unavailable", "No UDP port is free for this peer: see webrtc_ports.")
        return names

    async def connect(self, remote: Remote) -> None:
        """Return when a pair of addresses works. Raises `ConnectionError` where none does."""
        connection = self._connection
        connection.remote_username, connection.remote_password = remote.ufrag, remote.password
        connection.remote_is_lite = remote.is_lite
        connection.ice_controlling = connection.ice_controlling or remote.is_lite
        await connection.connect()
        # aioice's own consent checks would end a peer that answers none, as ffmpeg's WHIP does,
        # after half a minute of good media. A link checks by itself whether its peer is heard.
        if connection._query_consent_task is not None:
            connection._query_consent_task.cancel()

    async def add(self, candidates: tuple[str, ...]) -> None:
        """Add candidates of the peer. An mDNS name is looked up; unknown ones are ignored.

        aioice never gets the end of candidates: it would give up when the last of them fails,
        while the peer's own check may be on its way from an address that it has not named (RFC
        8863). An example is OBS on this machine: it names no loopback address, and answers from
        one.
        """
        room = max(0, self._config.connecting_max - self._offered)
        self._offered += len(candidates)
        # In parallel, since a name without an address is waited for a second.
        await asyncio.gather(*(self._add(text) for text in candidates[:room]))

    async def _add(self, text: str) -> None:
        from aioice.candidate import Candidate

        try:
            candidate = Candidate.from_sdp(text)
            # Firefox also sends other candidates; here RTCP shares RTP's port, and everything is
            # UDP.
            if candidate.component == _COMPONENT and candidate.transport.lower() == "udp":
                await self._connection.add_remote_candidate(candidate)
        except (ValueError, AssertionError, IndexError):
            log.info("a candidate was ignored: it is malformed")
        except OSError as error:
            log.info("an mDNS candidate could not be looked up error=%s", error)

    def send(self, data: bytes) -> None:
        """Send a datagram to the peer; it is dropped if no working address is known."""
        pair = self._connection._nominated.get(_COMPONENT)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    @property
    def peer(self) -> str:
        pair = self._connection._nominated.get(_COMPONENT)
        return f"{pair.remote_addr[0]}:{pair.remote_addr[1]}" if pair else "unknown"

    @property
    def hint(self) -> str:
        """A hint for a peer that does not connect, as a sentence."""
        if self._connection._nominated.get(_COMPONENT) is not None:
            return "The addresses work, but the DTLS handshake did not end."
        own = ", ".join(
            f"{local_candidate.host}:{local_candidate.port}"
            for local_candidate in self._connection.local_candidates
        )
        return (
            f"It was offered UDP at {own}: if it cannot reach that, set other addresses "
            "with --webrtc-hosts, and open ports with --webrtc-ports. "
            "Firefox on a machine without a network needs its media.peerconnection.ice.loopback."
        )

    async def close(self) -> None:
        await self._connection.close()

    # The methods that the sockets call.

    def heard(self, data: bytes, address: tuple[str, int]) -> None:
        """Take a datagram of DTLS or media from an address."""
        if not self.is_peer(address):
            return
        first = data[0]
        if _RTP_FIRST <= first <= _RTP_LAST:
            self._on_media(data)
        elif _DTLS_FIRST <= first <= _DTLS_LAST and self._connection._queue.qsize() < _UNREAD_MAX:
            self._connection.data_received(data, _COMPONENT)

    def is_peer(self, address: tuple[str, int]) -> bool:
        """Whether the peer is at this address; if so, note that it was heard now."""
        if address != self._last:
            if not any(
                (remote_candidate._network_host, remote_candidate.port) == address
                for remote_candidate in self._connection._remote_candidates
            ):
                return False
            self._last = address
        self.heard_at = self._loop.time()
        return True

    async def _bind(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ARG002, ASYNC109 -- aioice calls it so
    ) -> "list[Candidate]":
        from aioice.candidate import Candidate, candidate_foundation, candidate_priority

        hosts = self._config.addresses or ("127.0.0.1", *addresses)
        extra = _extra_address(addresses) if self._config.is_this_machine_only else ()
        candidates = []
        for host in (*hosts, *extra):
            protocol = await self._open(host, frozenset(addresses) if host in extra else None)
            if protocol is None:
                continue
            port = protocol.transport.get_extra_info("sockname")[1]
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", host),
                component=component,
                transport="udp",
                priority=candidate_priority(
                    component, "host", _EXTRA_PREFERENCE if host in extra else _PREFERENCE
                ),
                host=host,
                port=port,
                type="host",
            )
            self._connection._protocols.append(protocol)
            candidates.append(protocol.local_candidate)
        return candidates

    async def _open(self, host: str, senders: frozenset[str] | None) -> "StunProtocol | None":
        loop = asyncio.get_running_loop()
        bound = host
        if self._config.is_bound_everywhere or (self._config.is_open and host == "127.0.0.1"):
            bound = "::" if ":" in host else "0.0.0.0"
        for port in self._ports.to_try():
            plug = _Socket(self, self._connection, senders)
            try:
                await loop.create_datagram_endpoint(plug.itself, local_addr=(bound, port))
            except OSError as error:
                log.debug("a UDP port is taken host=%s port=%d error=%s", host, port, error)
                continue
            self._ports.used(port)
            return plug.stun
        return None


def _extra_address(addresses: list[str]) -> tuple[str, ...]:
    """One of this machine's own addresses, the first of IPv4 if there is one.

    Firefox pairs no candidate with a loopback address; it reaches this machine by any other one.
    """
    own = [address for address in addresses if not ip_address(address).is_loopback]
    return tuple(sorted(own, key=lambda host: ":" in host)[:1])


class _Socket(asyncio.DatagramProtocol):
    """One UDP socket: STUN goes to aioice, everything else to `Ice.heard`.

    `senders`: addresses whose datagrams are accepted; None for all.
    """

    def __init__(self, ice: Ice, connection: "Connection", senders: frozenset[str] | None) -> None:
        from aioice.ice import StunProtocol

        self._senders = senders
        self._ice = ice
        self.stun = StunProtocol(connection)

    def itself(self) -> "_Socket":
        """Return the protocol: asyncio calls a factory for it."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.stun.connection_made(cast("asyncio.DatagramTransport", transport))

    def connection_lost(self, exc: Exception | None) -> None:
        self.stun.connection_lost(exc)

    def error_received(self, exc: Exception) -> None:
        self.stun.error_received(exc)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if not data:
            return
        address = (str(addr[0]), int(addr[1]))
        if self._senders is not None and address[0] not in self._senders:
            return
        if data[0] > _STUN_LAST:
            self._ice.heard(data, address)
        else:
            self.stun.datagram_received(data, address)
            self._ice.is_peer(address)
