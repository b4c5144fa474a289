"""Streams, and all that belongs to a stream until it ends."""
