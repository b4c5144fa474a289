"""A live stream pushed on to other RTMP(S) addresses, as platforms' users do."""
