"""Live streams: the publisher of each, its way to HLS, and the measured health of what it sends."""
