"""Record: what happened in a world, written down as a scenario that makes it again."""
