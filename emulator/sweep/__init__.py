"""A sweep: one scenario with many seeds and parameters, each run in a world of its own."""
