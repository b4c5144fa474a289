"""The media of a stream: its live window, files and playlists. A recording needs no second copy."""
