"""The platform's state and rules. Synchronous: no socket, no file, no thread, no wall clock."""
