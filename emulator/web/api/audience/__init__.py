"""Analytics: an owner's audiences."""
