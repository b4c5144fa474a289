"""WHIP: peers that publish a stream, whose RTP becomes packets."""
