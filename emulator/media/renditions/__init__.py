"""A live stream once more in smaller sizes: decoded once, encoded as often as was asked for."""
