"""A peer that goes live: its RTP in, packets out."""
