"""RTP and RTCP as bytes: packet order, losses, times, and the codecs' payloads."""
