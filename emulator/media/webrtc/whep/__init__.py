"""WHEP: peers that watch a stream, whose packets they get as RTP."""
