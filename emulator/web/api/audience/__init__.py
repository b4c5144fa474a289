"""What owners read of their audiences."""
