"""Independent jobs over a `concurrent.futures.Executor`: on this machine, or on a cluster."""
