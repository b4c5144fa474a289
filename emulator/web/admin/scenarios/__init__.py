"""Scenarios on this server: what a run needs of it, the runs, and the API that starts them."""
