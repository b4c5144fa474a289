"""Clips, other sizes and chapters, made from recordings on request."""
