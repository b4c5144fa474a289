"""What is made from kept segments: MP4, pictures, a seek bar. PyAV is imported by its threads."""
