"""How facts reach many readers at once: encoded once, joined, and never waited for."""
