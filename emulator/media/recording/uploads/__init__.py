"""Makes uploaded videos playable, and other videos from them. For threads."""
