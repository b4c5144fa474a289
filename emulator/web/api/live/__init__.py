"""Streams, and the lists and searches that lead to them."""
