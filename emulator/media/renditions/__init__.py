"""Renditions: a live stream in smaller sizes, decoded once and encoded once for each size."""
