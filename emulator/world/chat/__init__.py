"""What is said beside a stream, and who keeps it friendly."""
