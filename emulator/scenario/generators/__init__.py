"""Random generators of a simulated crowd: its arrivals, its lines of chat, its names."""
