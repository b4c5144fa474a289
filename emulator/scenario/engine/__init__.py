"""Inside a run: the world is prepared, steps are scheduled, expectations are watched."""
