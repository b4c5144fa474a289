"""Analytics of an owner's streams and channel."""
