"""The seeded streams' picture: rendered once, then served as a loop that costs no encoder."""
