"""Codecs at work, where nothing can be passed through."""
