"""What is true on the platform. Synchronous: no socket, no file, no thread, no wall clock."""
