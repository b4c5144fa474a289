"""Accounts, profiles, follows and schedules of users."""
