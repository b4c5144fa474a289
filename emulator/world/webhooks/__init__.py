"""Webhooks: the targets of the platform's events, and the result of each delivery."""
