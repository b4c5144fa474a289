"""Video sessions: each participant's media is forwarded to the others, and never mixed."""
