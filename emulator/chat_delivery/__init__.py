"""Chat delivery: sends chat messages to thousands of sockets: each is encoded once."""
