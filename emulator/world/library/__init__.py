"""What is left when a stream has ended."""
