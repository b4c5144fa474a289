"""What a fresh world begins with: a seed file, its history, and the state that is copied."""
