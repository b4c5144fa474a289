"""Seeding: the beginning of a fresh world: a seed file, its history, and the facts to copy."""
