"""Words that every layer uses. Nothing here does I/O, and nothing here knows the platform."""
