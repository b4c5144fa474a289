"""What WebRTC peers may do, and where they find us."""

from msgspec import Struct


class WebRtcConfig(Struct, frozen=True):
    """`hosts`: addresses to be reached at; empty asks the machine for all of its own.

    `is_bound_everywhere`: these are told, but the sockets listen on every address, as they must in
    a container whose own address nobody outside knows.

    `is_this_machine_only`: `hosts` are loopback. Peers are also sent one of this machine's other
    addresses, for browsers that do not use loopback; what other machines send there is dropped.

    `ports`: the first and the last UDP port, None where the system chooses. `connect_ms` is how
    long a peer may take from its offer to the end of the DTLS handshake, `idle_ms` how long it may
    be silent after that. `key_frame_ms`: how far apart a publisher's key frames may be.
    """

    hosts: tuple[str, ...] = ("127.0.0.1",)
    is_bound_everywhere: bool = False
    is_this_machine_only: bool = False
    ports: tuple[int, int] | None = None
    peers_max: int = 300
    connecting_max: int = 64
    viewers_per_stream_max: int = 100
    connect_ms: int = 10_000
    idle_ms: int = 10_000
    key_frame_ms: int = 2_000
    bits_per_second_max: int = 8_000_000


class Ports:
    """The UDP ports of all peers: any that the system has, or one range, used in turn."""

    def __init__(self, ports: tuple[int, int] | None) -> None:
        self._range = ports
        self._next = ports[0] if ports else 0

    def to_try(self) -> list[int]:
        """Every port of the range once, the one after the last used first."""
        if self._range is None:
            return [0]
        first, last = self._range
        around = [*range(self._next, last + 1), *range(first, self._next)]
        return around

    def used(self, port: int) -> None:
        if self._range is not None:
            first, last = self._range
            self._next = port + 1 if port < last else first
