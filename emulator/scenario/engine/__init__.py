"""What happens inside a run: the world is set, events are heard, expectations are watched."""
