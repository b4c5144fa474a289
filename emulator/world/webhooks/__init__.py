"""Webhooks: who is told of what happens on the platform, and what became of it."""
