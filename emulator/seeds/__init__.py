"""Seed files: what a fresh world begins with."""
