"""One stream's media: the live window, its files, its playlists. A recording copies nothing."""
