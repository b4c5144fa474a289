"""Peers that watch: a stream's packets in, RTP out."""
