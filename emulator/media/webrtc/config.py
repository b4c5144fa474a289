"""WebRtcConfig: the limits of WebRTC peers, and the addresses where they reach this machine."""

from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from emulator.core.setting import Count, Duration, Flags, Named, Ports, Text

_EVERYWHERE = ("0.0.0.0", "::")
_THIS_MACHINE = (("127.0.0.1",), ("::1",))


class WebRtcConfig(Struct, frozen=True):
    """The settings of WebRTC.

    `connect_ms` is how long a peer may take from its offer to the end of the DTLS handshake,
    `idle_ms` how long it may be silent after that. `key_frame_ms`: the longest interval of a
    publisher's key frames. `addresses`: where peers reach this machine; empty means all addresses
    of the machine.

    `is_bound_everywhere`: peers get these addresses, but the sockets listen on every address, as
    they must in a container whose own address is unknown outside. `is_open`: the server listens on
    every address, and so does the socket of the candidate 127.0.0.1: with published UDP ports of a
    container, the machine outside reaches it in this way.

    `is_this_machine_only`: the addresses are loopback. Peers also get one of this machine's other
    addresses, for browsers that do not use loopback; datagrams from other machines to that one are
    dropped.
    """

    hosts: Annotated[
        str,
        Text("HOST,...", True),
        "addresses at which WebRTC peers reach this machine; none: those of host",
        Named("webrtc_hosts"),
        Flags.NETWORK,
    ] = ""
    ports: Annotated[
        str,
        Ports(),
        "UDP ports for WebRTC, FIRST-LAST; none: the system chooses",
        Named("webrtc_ports"),
        Flags.NETWORK,
    ] = ""
    peers_max: Annotated[
        int,
        Count(1, 10_000),
        "WebRTC peers at once; the next one gets 503",
        Named("webrtc_peers_max"),
    ] = 300
    connecting_max: Annotated[
        int,
        Count(1, 10_000),
        "WebRTC peers that are still connecting; the next one gets 503",
        Named("webrtc_connecting_max"),
    ] = 64
    viewers_per_stream_max: Annotated[
        int,
        Count(1, 10_000),
        "WHEP viewers of a stream; the next one gets 503",
        Named("webrtc_viewers_per_stream_max"),
    ] = 100
    connect_ms: Annotated[
        int,
        Duration("ms", 100),
        "time from an offer to the end of the DTLS handshake; after it the peer is closed",
        Named("webrtc_connect_ms"),
    ] = 10_000
    idle_ms: Annotated[
        int,
        Duration("ms", 1_000),
        "a WebRTC peer that is silent for this long is closed",
        Named("webrtc_idle_ms"),
    ] = 10_000
    bits_per_second_max: Annotated[
        int,
        Count(100_000, 1_000_000_000),
        "the bit rate that WHIP publishers are asked to send at most",
        Named("webrtc_bits_per_second_max"),
    ] = 8_000_000
    key_frame_ms: int = 2_000
    addresses: tuple[str, ...] = ("127.0.0.1",)
    is_bound_everywhere: bool = False
    is_this_machine_only: bool = False
    is_open: bool = False

    def at(self, host: str, key_frame_ms: int) -> "WebRtcConfig":
        """Adapt the settings for peers of a server that listens on `host`."""
        addresses = tuple(name.strip() for name in self.hosts.split(",") if name.strip())
        is_bound_everywhere = host in _EVERYWHERE and bool(addresses)
        if not addresses and host not in _EVERYWHERE:
            addresses = ("127.0.0.1" if host == "localhost" else host,)
        return replace(
            self,
            key_frame_ms=key_frame_ms,
            addresses=addresses,
            is_bound_everywhere=is_bound_everywhere,
            is_open=host in _EVERYWHERE,
            is_this_machine_only=not self.hosts and addresses in _THIS_MACHINE,
        )


class UdpPorts:
    """The UDP ports of all peers: any free port of the system, or one range, used in turn."""

    def __init__(self, ports: str) -> None:
        """Take the ports from `WebRtcConfig.ports`."""
        self._range = Ports().range(ports) if ports else None
        self._next = self._range[0] if self._range else 0

    def to_try(self) -> list[int]:
        """Return every port of the range once, starting after the last used one."""
        if self._range is None:
            return [0]
        first, last = self._range
        around = [*range(self._next, last + 1), *range(first, self._next)]
        return around

    def used(self, port: int) -> None:
        if self._range is not None:
            first, last = self._range
            self._next = port + 1 if port < last else first
