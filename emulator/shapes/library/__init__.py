"""What the library holds, as JSON: one noun a file."""
