"""Sweep: plays one scenario with many seeds and parameters, each run in its own world."""
