"""Scenarios on this server: their texts, their runs, and the API that starts them."""
