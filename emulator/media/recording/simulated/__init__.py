"""The picture of seeded streams: rendered once, then served as a loop without an encoder."""
