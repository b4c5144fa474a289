"""What people show and say to each other with cameras and files: video calls, videos, albums."""
