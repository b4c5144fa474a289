"""In-band parameter sets: after a change of the video, key frames contain them."""

from msgspec.structs import replace

from emulator.media import codecs
from emulator.media.packets import Packet, VideoTrack


class InBand:
    """The parameter sets of one stream, over all its publishers' connections.

    Packets are passed on unchanged until the video's configuration changes for the first time.
    """

    def __init__(self) -> None:
        self._track: VideoTrack | None = None
        self._has_changed = False

    def complete(self, packet: Packet) -> Packet:
        """The packet, with its track's parameter sets if it is a key frame after a change."""
        track = packet.track
        if not packet.is_key or type(track) is not VideoTrack:
            return packet
        known, self._track = self._track, track
        if known is not None and known.config != track.config:
            self._has_changed = True
        if not self._has_changed:
            return packet
        data = codecs.self_contained(track.codec, track.config, packet.data)
        return replace(packet, data=data)
