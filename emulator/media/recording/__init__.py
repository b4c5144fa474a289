"""Files made from stored segments: MP4, pictures, a seek bar. Only their threads import PyAV."""
