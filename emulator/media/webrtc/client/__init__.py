"""The other side of WHIP: the built-in publisher over WebRTC."""
