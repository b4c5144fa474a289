"""Chat lines to thousands of readers at once: encoded once, joined, and never waited for."""
