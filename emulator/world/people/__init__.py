"""Accounts and who may act as whom."""
