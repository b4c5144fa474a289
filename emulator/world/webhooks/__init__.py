"""Webhooks: the targets of the platform's events, and each delivery's result."""
