"""Shapes of chance: curves, distributions, arrivals, lines of chat."""
