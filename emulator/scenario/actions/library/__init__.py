"""What is kept: recordings, clips, videos, schedules, categories."""
