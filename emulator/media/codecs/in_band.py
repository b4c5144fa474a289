"""In-band parameter sets: after a change of the video, key frames contain them."""

from msgspec.structs import replace

from emulator.media import codecs
from emulator.media.packets import Packet, VideoTrack
from emulator.media.timeline import Sequenced


class InBand:
    """The parameter sets of one stream, over all its publishers' connections.

    Packets are passed on unchanged until the video's configuration changes for the first time.
    """

    def __init__(self) -> None:
        self._track: VideoTrack | None = None
        self._has_changed = False

    def complete(self, sequenced: Sequenced) -> Sequenced:
        """The packets; key frames after a change have their track's parameter sets."""
        packets = [
            self._complete(packet, track)
            if packet.is_key and type(track := packet.track) is VideoTrack
            else packet
            for packet in sequenced.packets
        ]
        return Sequenced(packets, sequenced.epoch, sequenced.at_ms)

    def _complete(self, packet: Packet, track: VideoTrack) -> Packet:
        known, self._track = self._track, track
        if known is not None and known.config != track.config:
            self._has_changed = True
        if not self._has_changed:
            return packet
        data = codecs.self_contained(track.codec, track.config, packet.data)
        return replace(packet, data=data)
