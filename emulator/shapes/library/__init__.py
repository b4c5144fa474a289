"""Shapes of the library: VODs, clips, chapters and texts. One noun a file."""
