"""SDP: reads a peer's offer, chooses its codecs, writes the answer."""
