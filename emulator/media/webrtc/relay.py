"""Relay: one stream's packets as its publisher sends them, for viewers without a playlist.

It keeps the packets since the last key frame, so that a new viewer need not wait for the next one.
That costs only references to bytes that the live window holds anyway.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct

from emulator.media.packets import AudioTrack, Packet, VideoTrack

# More packets without a key frame are not kept: a viewer would have to decode them all at once.
_KEPT_MAX = 600
_KEPT_BYTES_MAX = 8 * 2**20


class PacketListener(Protocol):
    """A receiver of a relay's packets. Called on the loop's thread; must not raise."""

    def on_packet(self, packet: Packet) -> None: ...

    def restart(self) -> None:
        """Note that another publisher's packets follow, on another clock."""

    def close(self) -> None:
        """Note that no more packets will come."""


class Watching(Struct, frozen=True):
    """Callbacks about one viewer: `seen` about once a second, `left` once.

    `is_stalled` is asked for each picture: whether a fault withholds new pictures from this viewer.
    """

    seen: Callable[[], None]
    left: Callable[[], None]
    is_stalled: Callable[[], bool]


class Relay:
    """One stream's packets.

    A publisher that makes key frames on request sets `ask_for_key_frame`.
    """

    def __init__(self) -> None:
        self.ask_for_key_frame: Callable[[], None] | None = None
        self.pictures: list[Packet] = []
        self.picture: VideoTrack | None = None
        self.sound: AudioTrack | None = None
        self.is_closed = False
        self._octets = 0
        # The number of pictures that are slices of the live window's content.
        self._shared = 0
        self._has_original = False
        self._listeners: tuple[PacketListener, ...] = ()

    @property
    def is_watched(self) -> bool:
        return bool(self._listeners)

    def push(self, packets: Iterable[Packet]) -> None:
        for packet in packets:
            track = packet.track
            if type(track) is VideoTrack:
                self.picture = track
                self._keep(packet)
            elif self._has_original:
                continue
            elif type(track) is AudioTrack:
                self.sound = track
            for listener in self._listeners:
                listener.on_packet(packet)

    def share(self, pictures: Iterable[Packet], content: memoryview) -> None:
        """Keep these pictures as slices of `content`, which holds them one after the other.

        They are in the stream's own time; they were pushed before in the publisher's time.
        """
        at = 0
        for picture in pictures:
            end = at + len(picture.data)
            if self._shared < len(self.pictures):
                packet = self.pictures[self._shared]
                if packet.data is picture.data:
                    self.pictures[self._shared] = Packet(
                        packet.track,
                        packet.dts,
                        packet.pts,
                        packet.duration,
                        packet.is_key,
                        content[at:end],
                    )
                    self._shared += 1
            at = end

    def push_original(self, packet: Packet) -> None:
        """Pass on audio as it was sent. From now on, converted audio is not passed on."""
        self._has_original = True
        if isinstance(packet.track, AudioTrack):
            self.sound = packet.track
        for listener in self._listeners:
            listener.on_packet(packet)

    def join(self, listener: PacketListener) -> None:
        self._listeners = (*self._listeners, listener)

    def leave(self, listener: PacketListener) -> None:
        self._listeners = tuple(
            packet_listener
            for packet_listener in self._listeners
            if packet_listener is not listener
        )

    def resume(self) -> None:
        """Start over for a publisher that came back."""
        self.pictures, self._octets, self._shared = [], 0, 0
        self.sound, self._has_original = None, False
        self.ask_for_key_frame = None
        for listener in self._listeners:
            listener.restart()

    def close(self) -> None:
        self.is_closed = True
        self.pictures = []
        self.ask_for_key_frame = None
        listeners, self._listeners = self._listeners, ()
        for listener in listeners:
            listener.close()

    def _keep(self, packet: Packet) -> None:
        if packet.is_key:
            self.pictures, self._octets, self._shared = [packet], len(packet.data), 0
        elif self.pictures:
            self.pictures.append(packet)
            self._octets += len(packet.data)
            if len(self.pictures) > _KEPT_MAX or self._octets > _KEPT_BYTES_MAX:
                self.pictures, self._shared = [], 0
