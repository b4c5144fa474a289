"""Webhooks: sends a world's events to other servers: signed, posted, retried."""
