"""Streams and what leads to them."""
