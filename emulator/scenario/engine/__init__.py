"""The engine of a run: prepares the world, schedules steps, checks expectations."""
