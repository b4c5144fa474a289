"""RTP and RTCP as bytes: order, losses, times, and the codecs' payloads."""
