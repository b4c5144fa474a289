"""In band: after a change of video, key frames say by themselves how they are to be decoded.

A change gets an init segment of its own, which is all that HLS asks for. But FFmpeg's player (and
whatever is built on it) goes on with the first one: docs/decisions/0003.
"""

from msgspec.structs import replace

from emulator.media import codecs
from emulator.media.packets import Packet, VideoTrack


class InBand:
    """One stream's packets, over all its publishers' connections.

    Until the video's configuration has changed for the first time, every packet stays as it is.
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
