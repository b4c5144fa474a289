"""`/video-sessions`, `/videos` and `/video`: calls, and videos that people upload."""
