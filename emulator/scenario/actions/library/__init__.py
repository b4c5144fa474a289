"""Actions on the library: recordings, clips, videos, schedules, categories."""
