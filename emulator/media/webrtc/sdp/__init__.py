"""A peer's SDP offer: read, chosen from, answered."""
