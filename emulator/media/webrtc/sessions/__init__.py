"""Video sessions: what each participant sends is forwarded to the others, and never mixed."""
