"""WebRTC clients: the built-in publisher over WHIP, and a viewer over WHEP."""
