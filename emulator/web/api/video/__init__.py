"""`/video-sessions`, `/videos` and `/video`: calls and uploaded videos."""
