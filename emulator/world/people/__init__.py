"""Accounts, follows, profiles and notifications."""
