"""The library: recordings, clips, chapters, posts and texts."""
