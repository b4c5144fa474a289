"""What is true at an instant, as expectations name it."""
