"""The vocabulary of every layer. Nothing here does I/O, and nothing here knows the platform."""
