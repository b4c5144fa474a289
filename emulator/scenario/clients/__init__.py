"""Whoever takes part in a run from outside of its world: who publishes, watches, speaks."""
