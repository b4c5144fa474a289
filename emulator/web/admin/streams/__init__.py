"""What can be done to one stream beside what the platform knows: simulated viewers, targets."""
