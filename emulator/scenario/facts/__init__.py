"""Facts: the values that expectations can ask for at an instant."""
