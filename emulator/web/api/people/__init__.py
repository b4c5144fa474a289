"""Accounts and people."""
