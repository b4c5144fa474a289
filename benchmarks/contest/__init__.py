"""Servers side by side: ours and its peers as processes, and the publishers that load them."""
