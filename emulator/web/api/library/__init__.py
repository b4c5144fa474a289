"""What streams leave behind."""
