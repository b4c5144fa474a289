"""Whoever takes part in an evening from outside of its world: who publishes, watches, speaks."""
