"""One live stream: its publisher, its way to HLS, and what is known of its publisher."""
