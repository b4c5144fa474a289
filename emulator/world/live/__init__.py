"""Streams and what belongs to them while they run."""
