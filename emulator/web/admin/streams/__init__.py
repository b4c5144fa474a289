"""What can be done to one stream beside what the platform knows: publishers, viewers, targets."""
