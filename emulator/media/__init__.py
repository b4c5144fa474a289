"""Media: from a broadcaster's bytes to playback, recordings and seek previews. Knows no HTTP."""
