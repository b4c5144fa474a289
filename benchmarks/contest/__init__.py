"""Servers to compare: ours and its peers as processes, and publishers that load them."""
