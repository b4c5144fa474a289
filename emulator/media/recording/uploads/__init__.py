"""What makes a video that people upload playable, and other videos of it. For threads."""
