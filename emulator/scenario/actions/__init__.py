"""What a step of a scenario can do: one noun a file, one class an action."""
