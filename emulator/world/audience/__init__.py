"""Audiences: viewers, simulated viewers, and the figures of both."""
