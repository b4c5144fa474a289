"""RTMP as bytes, without I/O: handshake, chunks, commands, TLS, one publisher's session."""
