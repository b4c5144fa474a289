"""Record: the events of a world, written as a scenario that makes them happen again."""
