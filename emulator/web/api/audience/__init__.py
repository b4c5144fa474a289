"""Audience: an owner's audiences."""
