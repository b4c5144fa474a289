"""Where a world comes from: a seed, the story it tells, and the facts that are copied."""
